"""How the equations of the healing model are written: symbols, conditions, balances."""

from __future__ import annotations

SYMBOLS = {
    "progenitor_motility": "D_m",
    "fibroblast_motility": "D_f",
    "fibrous_hindrance": r"\tfrac12",
    "clot_motility": "k_s",
    "haptotaxis": "C_k",
    "haptotaxis_half": "K_k",
    "chemotaxis": r"\chi",
    "chemotaxis_half": "K",
    "migration_speed": "w_{max}",
    "host_level": "m_{host}",
    "host_exchange": "k",
    "progenitor_growth": "A_m",
    "unsignalled_growth": "a_0",
    "fibroblast_growth": "A_f",
    "chondrocyte_growth": "A_c",
    "osteoblast_growth": "A_b",
    "capacity": "c_{max}",
    "to_bone": "k_{mb}",
    "to_cartilage": "k_{mc}",
    "oxygenated_cartilage": "0.2",
    "to_fibrous": "k_{mf}",
    "progenitor_loss": "d_m",
    "clot_protection": r"\sigma",
    "anoxic_death": "d_h",
    "fibroblast_loss": "d_f",
    "fibroblast_retreat": r"\tfrac12",
    "chondrocyte_loss": "d_c",
    "osteoblast_loss": "d_b",
    "inert_loss": "d_n",
    "ossification": "k_{ch}",
    "ossification_cartilage": "0.2",
    "ossification_yield": "0.7",
    "fibrous_synthesis": "p_f",
    "fibrous_clearing": "q_f",
    "osteoblast_clearing": "5",
    "chondrocyte_clearing": "2",
    "cartilage_synthesis": "p_c",
    "cartilage_in_fibrous": "0.3",
    "bone_synthesis": "p_b",
    "mineralisation": "k_{min}",
    "disuse_resorption": "k_r",
    "creeping_speed": "c",
    "creeping_osteoblast": "b_{1/2}",
    "dead_depth": r"\delta",
    "chip_depth": "r",
    "clot_lysis": "k_{lysis}",
    "scaffold_resorption": "k_{dbm}",
    "carrier_conduction": r"\kappa",
    "ceramic_dissolution": "k_{dis}",
    "vessel_spread": "D_v",
    "sprout_length": r"\ell",
    "muscle_perfusion": "v_{muscle}",
    "vessel_growth": "A_v",
    "basal_angiogenesis": "0.2",
    "angiogenic_oxygen": "20",
    "angiogenic_half": "10",
    "oxygen_diffusivity": "D_n",
    "oxygen_uptake": "q_O",
    "uptake_half": "K_O",
    "oxygen_delivery": "k_{perf}",
    "arterial_oxygen": "n_{art}",
    "inert_oxygen_share": r"\lambda",
    "osteogenic_oxygen": "K_{ob}",
    "survival_oxygen": "K_s",
    "signal_diffusivity": "D_g",
    "signal_clearance": "d_g",
    "progenitor_signal": "s_m",
    "osteoblast_signal": "s_b",
    "scaffold_signal": "s_d",
    "bone_strain": r"\varepsilon_b",
    "bone_strain_width": "w_b",
    "cartilage_strain": r"\varepsilon_c",
    "cartilage_strain_width": "w_c",
    "quiet_strain": r"\varepsilon_0",
    "quiet_cartilage_loss": "0.8",
    "disuse_strain": r"\varepsilon_r",
    "vessel_strain": r"\varepsilon_3",
    "vessel_strain_end": r"\varepsilon_4",
    "tearing_strain": r"\varepsilon_1",
    "torn_strain": r"\varepsilon_2",
    "tearing": r"k_\tau",
    "vessel_tearing": "k_v",
    "bone_modulus": "E_b",
    "cartilage_modulus": "E_c",
    "fibrous_modulus": "E_f",
    "ground_modulus": "E_0",
    "allograft_modulus": "E_a",
    "ceramic_modulus": "E_k",
    "cortex_modulus": "E_{cortex}",
    "bone_poisson": r"\nu_b",
    "cartilage_poisson": r"\nu_c",
    "fibrous_poisson": r"\nu_f",
    "ground_poisson": r"\nu_0",
    "allograft_poisson": r"\nu_a",
    "ceramic_poisson": r"\nu_k",
    "cortex_poisson": r"\nu_{cortex}",
    "allograft_packed": "s_{allo}^*",
    "ceramic_packed": "s_{cer}^*",
}
"""How the equations write each number; some write a number of the catalogue as its value."""

FELT = {
    "signalled": ("response to the signal", r"G = g^2/(1+g^2)"),
    "oxygenated": ("response of bone formation to oxygen", r"O = n^2/(K_{ob}^2+n^2)"),
    "surviving": ("survival at this oxygen", r"S = n^2/(K_s^2+n^2)"),
    "room": ("room for osteogenic cells", r"1-(m+c+b)/c_{max}"),
    "free": ("volume that nothing fills", r"\phi_{free} = 1-\phi_f-\phi_c-\phi_w-\phi_l-s"),
    "passage": (
        "how freely cells move",
        r"D/D_m = (1-\phi_w-\phi_l)^2(1-\tfrac12\phi_f)(1-s)(1+k_s s_{clot})",
    ),
    "creeping": ("how readily dead bone is replaced", r"f = v\,b/(b_{1/2}+b)"),
    "ossifying": ("endochondral conversion [1/d]", r"h = k_{ch}\,v\,\phi_c^2/(0.2^2+\phi_c^2)"),
    "bone_favoured": (
        "how far strain lets bone form",
        r"\psi_b = \exp\left[-((\varepsilon-\varepsilon_b)_+/w_b)^2\right]",
    ),
    "cartilage_favoured": (
        "how far strain lets cartilage form",
        (
            r"\psi_c = \exp\left[-((\varepsilon-\varepsilon_c)_+/w_c)^2\right]"
            r"\,(1-0.8\,\psi_b[\varepsilon<\varepsilon_0])"
        ),
    ),
    "torn": (
        "how far strain tears tissue",
        r"\tau = \min(1, (\varepsilon-\varepsilon_1)_+/(\varepsilon_2-\varepsilon_1))",
    ),
}
"""What the cells feel besides oxygen, signal and strain themselves."""

WHERE = {
    "vessels fill in": (
        r"\gamma = 0.2+\frac{(20-n)_+^2}{10^2+(20-n)_+^2},\ "
        r"\psi_v = \min\left(1,\frac{(\varepsilon_4-\varepsilon)_+}"
        r"{\varepsilon_4-\varepsilon_3}\right)"
    ),
    "fibroblasts wander": r"\text{hindered as progenitors are, by }D/D_m",
}
"""What the equation of a term leaves unsaid."""

BALANCES = {
    "oxygen": (
        (
            r"0 = \nabla\cdot(D_n\nabla n) - q_O\frac{n}{K_O+n}(m+f+c+b+\lambda n_c)"
            r" + k_{perf}(v + B + v_{muscle} A)(n_{art}-n)"
        ),
        (
            "tension $n$ [mmHg]; $B$ and $A$ are the shares of living bone and of soft tissue "
            "beyond the healing region. It crosses old bone as freely as soft tissue, and no metal."
        ),
    ),
    "signal": (
        r"0 = \nabla\cdot(D_g\nabla g) - d_g g + s_m m + s_b b + s_d s_{dbm}",
        "signal $g$ in units of its half-value [-]; it stays in the healing region.",
    ),
}

STIFFNESS = (
    r"E = E_b M(\phi_w+\phi_l)^2 + E_c\phi_c^3 + E_f\phi_f^3"
    r" + E_a(s_{allo}/s_{allo}^*)^3 + E_k(s_{cer}/s_{cer}^*)^3 + E_0"
)
"""Young's modulus of healing tissue [MPa]."""
RATIO = r"\nu = \nu_0 + \sum_i \phi_i(\nu_i-\nu_0)"
"""Poisson's ratio of healing tissue [-]."""
