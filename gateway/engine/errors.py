"""What the engine raises."""

from __future__ import annotations


class Refused(Exception):
    """The engine cannot do this supergraph or operation, and says so instead of answering wrongly."""


MESSAGES_ZH = {
    "SUBGRAPH_UNAVAILABLE": "服务暂时无法访问，请稍后再试。",
    "SUBGRAPH_TIMEOUT": "服务未及时响应，请稍后再试。",
    "SUBGRAPH_ANSWER_TOO_LARGE": "服务的应答过大。",
    "SUBGRAPH_HTTP_ERROR": "服务的应答无效。",
    "SUBGRAPH_MALFORMED": "服务的应答无效。",
    "INVALID_SUBGRAPH_VALUE": "服务的应答与约定不符。",
    "GRAPHQL_VALIDATION_FAILED": "请求的文档或变量无效。",
    "METHOD_NOT_ALLOWED": "GET 只能用于查询。",
    "INTROSPECTION_DISABLED": "此处不提供模式自省。",
    "FORBIDDEN": "您没有权限查询此项。",
    "UNAUTHENTICATED": "请先登录。",
    "OPERATION_REFUSED": "网关无法执行此操作。",
}


class FetchFailed(Exception):
    """A subgraph gave no usable answer.

    `lost` is true when the connection broke before an answer: only then may a query be sent a second time.
    """

    def __init__(self, message: str, code: str = "SUBGRAPH_UNAVAILABLE", *, lost: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.lost = lost
