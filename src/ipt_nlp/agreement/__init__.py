"""How far coders agree, code by code, with what each figure cannot say.

``pairs`` is two coders, ``many`` more of them, ``tables`` what a store holds.
"""

from ipt_nlp.agreement.pairs import LabelAgreement, ac1_of, icc_2_1, kappa_of, label_agreement

__all__ = ["LabelAgreement", "ac1_of", "icc_2_1", "kappa_of", "label_agreement"]
