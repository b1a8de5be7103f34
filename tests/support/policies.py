"""The policies of the pages, and accounts that have them."""

from __future__ import annotations

from support.pages import blocks
from support.store import Keys, Store

PREFIX = "hosts/one"
PAGES = ("README.md", "scripts/aws.md", "scripts/mirror.md")
POLICIES = (  # in their order
    "uploader", "set-up", "lock", "restore", "drill", "prune", "watch", "mirror",
)  # fmt: skip


def policy(name: str, bucket: str) -> str:
    """That block of the pages, for this bucket."""
    told = [block for page in PAGES for block in blocks(page, "json")]
    block = dict(zip(POLICIES, told, strict=True))[name]
    return block.replace("BUCKET", bucket).replace("PREFIX", PREFIX)


def make_account(store: Store, bucket: str, *names: str) -> Keys:
    """An account with these of the policies, and no other right."""
    iam = store.connect("iam", store.admin)
    user = f"{bucket}-{'-'.join(names)}"
    iam.create_user(UserName=user)
    for name in names:
        document, called = policy(name, bucket), f"{user}-{name}"
        made = iam.create_policy(PolicyName=called, PolicyDocument=document)
        iam.attach_user_policy(UserName=user, PolicyArn=made["Policy"]["Arn"])
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return Keys(key["AccessKeyId"], key["SecretAccessKey"])
