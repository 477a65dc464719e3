"""Why a person gave a decision another level, or approved it: the codes and their words."""

from models.intensity.words.catalogue import Words

OVERRIDES: dict[str, Words] = {
    "customer_agreement": Words("Agreed with the customer.", "已与客户达成约定。"),
    "vulnerability_seen": Words(
        "The customer was found to be vulnerable or in hardship.", "发现客户处于弱势或困难之中。"
    ),
    "wrong_data": Words("The data are wrong or out of date.", "数据有误或已过时。"),
    "local_knowledge": Words(
        "What is known on the spot says otherwise.", "一线掌握的情况与此不同。"
    ),
    "legal_advice": Words("On legal advice.", "依据法律意见。"),
    "complaint": Words("Because of a complaint.", "因客户投诉。"),
    "other": Words("For another reason.", "其他原因。"),
}
OTHER = "other"  # which says nothing without a text
APPROVED = "approved"  # the code of an approval, which no override has
REASONS: dict[str, Words] = OVERRIDES | {APPROVED: Words("Approved.", "已批准。")}
