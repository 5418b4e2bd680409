"""The changes that a mutant can make, as pairs of syntax nodes: what stands there, what shall."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
CALCULATED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}
EMPTY_TUPLE = ("tuple", "frozenset", "set", "list", "dict")
WEIGHTS = {"string": 0.25, "keyword": 0.35, "element": 0.35, "key": 0.3, "return": 0.5}
"""How likely a kind of change is chosen; 1 where nothing is said. Texts and tables are many."""

Change = tuple[str, ast.AST, ast.AST]  # the kind, the node that stands there, the node instead


def changes(tree: ast.Module) -> Iterator[Change]:
    """Yield every change of a module, in the order of its syntax tree."""
    skipped = {id(n) for n in _skipped(tree)}
    for node in _walk(tree, skipped):
        for make in _OPERATORS.get(type(node), ()):
            yield from make(node)


def _walk(node: ast.AST, skipped: set[int]) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if id(child) not in skipped:
            yield child
            yield from _walk(child, skipped)


def _skipped(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield what is no behaviour: annotations, docstrings, decorators of values, f-strings."""
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(annotation=found):
                yield found
            case ast.arg(annotation=ast.AST() as found):
                yield found
            case ast.FunctionDef(returns=ast.AST() as found):
                yield found
            case ast.Expr(value=ast.Constant()):
                yield node
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                yield node
            case ast.JoinedStr(values=parts):
                yield from parts
            case ast.Subscript(value=ast.Name(id="Literal" | "Callable" | "dict" | "tuple")):
                yield node
            case ast.ClassDef(keywords=found):
                yield from found
            case ast.Call(func=ast.Name(id="dataclass")):
                yield node


def _compare(node: ast.Compare) -> Iterator[Change]:
    for at, operator in enumerate(node.ops):
        new = copy.deepcopy(node)
        new.ops[at] = COMPARED[type(operator)]()
        yield "compare", node, new


def _terms(node: ast.BoolOp) -> Iterator[Change]:
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield "and/or", node, ast.BoolOp(other, node.values)
    for at in range(len(node.values)):
        rest = node.values[:at] + node.values[at + 1 :]
        yield "term", node, rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _unary(node: ast.UnaryOp) -> Iterator[Change]:
    if isinstance(node.op, ast.Not):
        yield "not", node, node.operand


def _binary(node: ast.BinOp) -> Iterator[Change]:
    if type(node.op) in CALCULATED:
        yield "arithmetic", node, ast.BinOp(node.left, CALCULATED[type(node.op)](), node.right)


def _constant(node: ast.Constant) -> Iterator[Change]:
    value = node.value
    if isinstance(value, bool):
        yield "bool", node, ast.Constant(not value)
    elif isinstance(value, int | float):
        yield "number", node, ast.Constant(value + 1)
        yield "number", node, ast.Constant(value - 1)
    elif isinstance(value, str):
        yield "string", node, ast.Constant(f"{value}~")


def _text(node: ast.JoinedStr) -> Iterator[Change]:
    yield "string", node, ast.Constant("~")


def _return(node: ast.Return) -> Iterator[Change]:
    value = node.value
    if value is None or (isinstance(value, ast.Constant) and value.value is None):
        return
    name = value.func.id if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) else ""
    if isinstance(value, ast.Compare | ast.BoolOp) or name in ("any", "all", "bool"):
        yield "return", node, ast.Return(ast.Constant(True))
        yield "return", node, ast.Return(ast.Constant(False))
    elif isinstance(value, ast.List | ast.ListComp):
        yield "return", node, ast.Return(ast.List([], ast.Load()))
    elif name in EMPTY_TUPLE or isinstance(value, ast.Tuple):
        yield "return", node, ast.Return(ast.Tuple([], ast.Load()))
    else:
        yield "return", node, ast.Return(ast.Constant(None))


def _statement(node: ast.Expr) -> Iterator[Change]:
    if isinstance(node.value, ast.Call | ast.Yield | ast.YieldFrom):
        yield "call", node, ast.Pass()


def _drop(node: ast.AugAssign | ast.Continue | ast.Break | ast.Raise) -> Iterator[Change]:
    yield "statement", node, ast.Pass()


def _condition(node: ast.If) -> Iterator[Change]:
    yield "condition", node.test, ast.Constant(True)
    yield "condition", node.test, ast.Constant(False)


def _either(node: ast.IfExp) -> Iterator[Change]:
    yield "condition", node, node.body
    yield "condition", node, node.orelse


def _called(node: ast.Call) -> Iterator[Change]:
    if isinstance(node.func, ast.Name) and node.func.id in SWAPPED:
        name = ast.Name(SWAPPED[node.func.id], ast.Load())
        yield "function", node, ast.Call(name, node.args, node.keywords)
    for at, keyword in enumerate(node.keywords):
        if keyword.arg:
            rest = node.keywords[:at] + node.keywords[at + 1 :]
            yield "keyword", node, ast.Call(node.func, node.args, rest)


def _slice(node: ast.Subscript) -> Iterator[Change]:
    if isinstance(node.slice, ast.Slice) and isinstance(node.ctx, ast.Load):
        yield "slice", node, node.value


def _elements(node: ast.Tuple | ast.List | ast.Set) -> Iterator[Change]:
    if isinstance(getattr(node, "ctx", None), ast.Store) or len(node.elts) < 2:
        return
    for at in range(len(node.elts)):
        new = copy.copy(node)
        new.elts = node.elts[:at] + node.elts[at + 1 :]
        yield "element", node, new


def _keys(node: ast.Dict) -> Iterator[Change]:
    for at in range(len(node.keys) if len(node.keys) > 1 else 0):
        keys, values = (
            node.keys[:at] + node.keys[at + 1 :],
            node.values[:at] + node.values[at + 1 :],
        )
        yield "key", node, ast.Dict(keys, values)


def _filters(
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
) -> Iterator[Change]:
    for at, loop in enumerate(node.generators):
        for one in range(len(loop.ifs)):
            new = copy.deepcopy(node)
            del new.generators[at].ifs[one]
            yield "filter", node, new


_OPERATORS = {
    ast.Compare: (_compare,), ast.BoolOp: (_terms,), ast.UnaryOp: (_unary,), ast.BinOp: (_binary,),
    ast.Constant: (_constant,), ast.JoinedStr: (_text,), ast.Return: (_return,),
    ast.Expr: (_statement,), ast.AugAssign: (_drop,), ast.Continue: (_drop,), ast.Break: (_drop,),
    ast.Raise: (_drop,), ast.If: (_condition,), ast.IfExp: (_either,), ast.Call: (_called,),
    ast.Subscript: (_slice,), ast.Tuple: (_elements,), ast.List: (_elements,),
    ast.Set: (_elements,), ast.Dict: (_keys,), ast.ListComp: (_filters,), ast.SetComp: (_filters,),
    ast.GeneratorExp: (_filters,), ast.DictComp: (_filters,),
}  # fmt: skip
