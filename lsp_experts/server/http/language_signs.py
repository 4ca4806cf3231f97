"""What stretches of code in each language are recognised by: words and shapes that few languages share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

_ANY_CASE = frozenset({"html", "sql"})

SIGNS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        language: re.compile("|".join(signs), re.MULTILINE | (re.IGNORECASE if language in _ANY_CASE else 0))
        for language, signs in {
            "go": (
                r"\bfunc\b ?(?:\(\w+ \*?[\w.\[\]]+\) )?\w*\(", r"\w+(?:, \w+)* := ", r"\berr != nil\b", r"\bmap\[\w+\]",
                r"^package \w+$", r"\b(?:fmt|strings|errors|os|http|strconv|filepath|context|time)\.[A-Z]\w*",
                r"\[\](?:byte|string|int)\b", r"^\s*(?:defer|go) \w", r"\bfor .*:= range\b",
                r"^type \w+ (?:struct|interface|func)\b", r"^\t+(?:if|for|switch) [^(].*\{$", r"\t\w+:\s+.*,$",
                r"`\w+:\"",
            ),
            "rust": (
                r"\bfn \w+\s*[(<]", r"\blet (?:mut )?\w+\b(?!.*\bof\b)", r"\bimpl\b[ <]", r"&(?:mut |self\b|str\b|')",
                r"\w::<?[\w{]", r"\) -> \w", r"\bpub(?:\(\w+\))? (?:fn|struct|enum|mod|use|const)\b", r"^\s*#!?\[\w",
                r"\b\w+!\(", r"\b(?:Some|Ok|Err)\(", r"\bmatch \w[^(]*\{$", r"^\s*///",
                r"\.(?:unwrap|iter|collect|as_ref|clone)\(\)",
            ),
            "python": (
                r"^\s*(?:async )?def \w+\(.*?:?$", r"^\s*class \w+(?:\(.*\))?:$", r"\bself\b[.,)]",
                r"^\s*(?:if|for|while|with|try|except|else|elif|finally)\b[^{};]*:$",
                r"^\s*(?:from [\w.]+ )?import [\w., *()]+$", r"\b(?:None|True|False)\b", r"^\s*@\w[\w.]*(?:\(.*\))?$",
                r'"""', r"\b(?:elif|isinstance|kwargs|lambda)\b", r" (?:not in|is not|is None) ", r"\bf[\"']",
                r"^\s*raise \w",
            ),
            "ruby": (
                r"^\s*end\b(?!.*[:;(])", r"^\s*def [\w.?!=]+(?:\(.*\))?\s*$", r"\bdo \|[^|]*\|", r"\{ ?\|[^|]*\|",
                r"^\s*(?:module|class) [A-Z][\w:]*(?: < [\w:]+)?$", r"(?<![\w:]):\w+\b(?=[,)\s])",
                r"@\w+\b ?(?:\|\|)?=",
                r"^\s*(?:require|require_relative|attr_\w+|include|extend)\b", r"\bunless\b|\belsif\b",
                r"\.(?:nil|empty|any|is_a)\?", r"#\{", r"\b\w+: [\w:\"']+, \w+:", r"^\s*rescue\b",
            ),
            "lua": (
                r"\blocal (?:function )?\w+", r"\bthen\s*$", r"^\s*end[,)]*;?$", r"\bfunction\b ?[\w.:]*\(.*\)\s*$",
                r"~=", r" \.\. ", r"\belseif\b", r"\b(?:pairs|ipairs|setmetatable|tostring)\(",
                r"\w:\w+\(", r"\bnil\b",
            ),
            "shellscript": (
                r"^\s*(?:fi|done|esac)\b", r"\bthen\s*$", r"\$\{?[A-Z_]+\b", r"\"\$\w+\"", r"\[\[? ",
                r"^\s*(?:export |local |readonly )?[A-Za-z_]\w*=[\"$\w]",
                r"^\s*(?:echo|printf|exit|return|shift|cd|rm|mkdir|set|case|source)\b(?! ?[=(])", r"\$\(", r";;",
                r"2>&1|>/dev/null", r"^\s*\w+ ?\(\) ?\{", r"\$[@#?1-9]", r"\|\| ", r" -[a-z] ",
            ),
            "php": (
                r"\$\w+(?:->|\[| = |\)|,|;)", r"\$this->", r"<\?php",
                r"\b(?:public|private|protected)(?: static)? function\b", r"=> ?[\$'\"\[]", r"\bfunction \w*\(.*\$",
                r"\b(?:isset|empty|array)\(", r"^\s*use [A-Z]\w*\\", r"\w::\w+\(", r"^\s*namespace \w+(?:\\\w+)*;",
            ),
            "c": (
                r"^#\s*(?:include\s*[<\"]|define|ifn?def|endif|if\b)",
                r"\b(?:static|const|struct|unsigned|extern) (?:\w+ )*\**\w", r"\w->\w",
                r"\b(?:NULL|sizeof|uint\d+_t|size_t|char \*|void \*)",
                r"^\s*(?:int|char|void|long|double|float)\s+\**\w+",
                r"\b(?:printf|malloc|free|memcpy|strlen|memset|fprintf)\(", r"[(,] ?&\w", r"\*\w+\)",
                r"^\s*(?:case \w+|default):",
            ),
            "cpp": (
                r"\bstd::", r"\w::~?\w", r"\btemplate ?<", r"^\s*(?:public|private|protected):",
                r"^#\s*(?:include\s*[<\"]|define|ifn?def|endif|if\b)",
                r"\b(?:nullptr|virtual|override|constexpr|auto|namespace|using)\b", r"\bconst \w[\w:]*(?:<.*>)? ?&",
                r"\bstatic_cast<|\bcout\b|\bclass \w+(?: :|$| \{)", r"\w->\w",
                r"\b(?:bool|int|void|char|double|float)\s+[\w:]+\(", r" const(?: override)?(?:;| \{)",
            ),
            "java": (
                r"\b(?:public|private|protected) (?:static |final |abstract )*[\w<>\[\], ?]+ \w+\s*[(=;]",
                r"\bpublic (?:final |abstract )?(?:class|interface|enum|record)\b",
                r"^\s*import (?:static )?[\w.]+(?:\.\*)?;", r"^\s*package [\w.]+;",
                r"^\s*@(?:Override|Test|Nullable|Autowired|Deprecated)\b", r"\bnew [A-Z]\w*(?:<.*>)?\(",
                r"\b(?:String|List|Map|Integer|Optional)\b(?:<.*>)? \w+", r"\bthrows? (?:new )?[A-Z]",
                r"\bfinal [A-Z]\w*", r"\b(?:extends|implements) [A-Z]", r"\bSystem\.out\b",
            ),
            "kotlin": (
                r"\bfun (?:<.*> )?[\w.]+\(", r"\b(?:val|var) \w+(?: ?[:=]|$| by)", r"\?\.|\?:|!!\.",
                r"\b(?:data|sealed|enum|open) class\b", r"\b(?:override|suspend|private|internal) fun\b",
                r"\bwhen ?[({]", r"\b\w+: (?:String|Int|Boolean|List|Map|Unit)\b", r"\bcompanion object\b",
                r"^\s*import [\w.]+$", r"\{ \w+ ->", r"\blistOf\(|\bmapOf\(",
            ),
            "typescript": (
                r"\w\??: (?:string|number|boolean|any|void|unknown|never|Promise|Record|Array|null|undefined)\b",
                r"^\s*(?:export )?(?:interface|type|enum) \w+", r"\b(?:public|private|readonly|protected) \w+[(:?]",
                r"\bas (?:const|any|unknown|string)\b", r"\bimport type\b", r"\): \w[\w<>\[\]|. ]*(?: \{|;)$",
                r"\b(?:const|let) \w+ ?[:=]", r"=> ?[{(]", r"===|!==", r"^\s*import .* from ['\"]", r"\bthis\.\w",
                r"^\s*export\b", r"\b(?:implements|namespace|declare|keyof|abstract)\b", r"\w+<\w+(?:\[\])?>\(",
            ),
            "javascript": (
                r"\b(?:const|let|var) (?:\w+|\{.*?\}|\[.*?\]) ?=", r"=> ?[{(\w]", r"===|!==",
                r"\bfunction ?\w*\(.*\) ?\{", r"\brequire\(['\"]", r"^\s*import .* from ['\"]", r"\bthis\.\w",
                r"\bmodule\.exports\b|^\s*export\b",
                r"\b(?:console|document|window|JSON|Object|Array|Math|process)\.\w",
                r"\b(?:typeof|undefined|await|async)\b", r"\.(?:then|forEach|map|filter|push)\(", r"\$\{",
                r"^\s*\}\)[;,]?$", r"\bprototype\b",
            ),
            "css": (
                r"^\s*[\w-]+: [^{};]+;$", r"^\s*(?:[.#&:*@]|[a-z][\w-]*)[\w\-.#:,>+~ ()\[\]=\"*]*\{$",
                r"\b\d+(?:px|em|rem|vh|vw|%)", r"^\s*--[\w-]+:", r"#[0-9a-fA-F]{3,6}\b",
                r"^\s*@(?:media|import|include|font-face|keyframes)\b",
                r"\b(?:margin|padding|color|background|border|display|width|height|font)(?:-[\w-]+)?: ?",
            ),
            "sql": (
                r"\b(?:select|insert into|update|delete from|create (?:table|index|view|or replace|function))\b",
                r"\b(?:alter|drop) table\b",
                r"^\s*(?:from|where|group by|order by|having|limit|join|left join|inner join|values)\b",
                r"\b(?:varchar|integer|not null|primary key|foreign key|references|default null|bigint|is null)\b",
                r"\bcount\(|\bsum\(|\bcoalesce\(", r"\bas \w+,$", r"\b(?:begin|commit|end);",
            ),
            "html": (
                r"</?(?:div|span|p|a|ul|li|ol|td|tr|th|table|h[1-6]|img|input|button|form|label|section|nav|body|head|html)\b",
                r"</?(?:link|meta|script|style|i|b|br|option|select|footer|header|main)\b",
                r"\b(?:class|href|id|src|style|type|name|rel|role|data-\w+)=\"", r"<!--|-->", r"&\w+;",
            ),
        }.items()
    }
)  # fmt: skip
