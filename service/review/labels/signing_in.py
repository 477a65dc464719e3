"""Labels of signing in and out."""

from models.intensity.words.catalogue import Words

SIGNING_IN_LABELS: dict[str, Words] = {
    "sign_in": Words("Sign in", "登录"),
    "sign_in_key": Words("Key", "密钥"),
    "sign_in_hint": Words(
        "A key of scope review or admin, as it was given to you; it begins with cs_.",
        "向您发放的 review 或 admin 权限密钥，以 cs_ 开头。",
    ),
    "sign_in_lasts": Words(
        "You stay signed in for {lasts} hours at most, and for {idle} hours without use.",
        "登录状态最长保持 {lasts} 小时；{idle} 小时未使用即自动退出。",
    ),
    "sign_in_lost": Words(
        "You were signed out before the form arrived, so that nothing was done. Sign in, and fill "
        "it in again.",
        "表单送达前您已退出登录，因此未执行任何操作。请登录后重新填写。",
    ),
    "sign_in_missing": Words("Enter your key.", "请输入密钥。"),
    "sign_in_unauthorised": Words(
        "This key is not known, has expired or was revoked. Check it, or ask for a new one.",
        "该密钥不存在、已过期或已被撤销。请核对，或申请新的密钥。",
    ),
    "sign_in_forbidden": Words(
        "This key is not for the review pages: they need scope review or admin.",
        "该密钥不能用于审核页面：需要 review 或 admin 权限。",
    ),
    "sign_in_rate-limited": Words(
        "Too many keys were tried, or this one is used too often. Wait a second and try again.",
        "尝试密钥的次数过多，或该密钥使用过于频繁。请稍候片刻再试。",
    ),
}
