"""Names that are declared, and those that who writes says of themselves. Names of others are not looked for (0027)."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔"
    "康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐沿梅莫庄辛管祝左涂谷祁时舒耿牟卜"
    "詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边谈"
    "闫付封栾厉盖佟冷迟滕敖姬楚郎褚娄佘宗卓蓝屠巩亓邝寇苟仝尚邬古岑桑荆储喻鄢窦符刁鞠逯訾麻靖仇晏阚池"
)
_HAN = r"[\u4e00-\u9fff]"
_NO_NAME = (
    r"谢谢|祝[您你好]|房[东主]|车[主位库辆]|路[人过口]|单[身位]|高(?:[中三二一级龄考管兴]|新区)|包工|常[年住客]|成[年都]|方[便法]|付[款清费出给]|符合|尚[未且]|应[该聘]|曾[经多在]"
    r"|任[何职]|时[常间]|严[重惩查]|安[全置]|万[分一]|于[今去昨上当年本前此是]|向[您贵你他各有上政物]|.{1,2}[某人](?![\u4e00-\u9fff])|.某"
    r"|.(?:先生|女士|小姐|老师|师傅|经理|主任|书记|局长|[县市镇校院所队]长|警官|阿姨|大[爷妈叔]|同志)"
)
_SURNAME = rf"(?:[{_SURNAMES}]|欧阳|司马|上官|诸葛|夏侯|皇甫|司徒|尉迟|慕容|令狐)"
_NAME = rf"(?P<it>(?!{_NO_NAME}){_SURNAME}{_HAN}(?:(?![于在和的已有是从被与说去把将向]){_HAN})?)"
_STOPS = rf"(?!{_HAN})"
# Behind "I am" there may be an estate or a firm just as well.
_SIGN = r"(?<![城园苑府区贷路站店县市镇乡村厂司家])(?=[\s,，.。、；;:()!！]|$)"
_FOLLOWS = rf"(?={_STOPS}|电话|手机|联系|身份|同志|男|女|家住|住址|投诉|强烈|要求|反映)"
# Behind a word and no sign, these are more often a preposition or an adverb than a surname.
_NO_ADVERB = "(?![向于任曾常单应时管包解成方计许])"
_TELLER = r"(?<!被)(?:投诉|反映|举报|申请|控告|报告|具报|报事|上访|信访|求助|来信|留言|受害)人|户主|联系人|署名|落款"
_ROLE = r"住户|业主|居民|村民|市民|职工|员工|工人|教师|老师|学生|家长|军人|代表"
_KIN = r"父亲|母亲|爸爸?|妈妈?|爷爷|奶奶|外公|外婆|姥姥|姥爷|公公|婆婆|老公|老婆|老伴|丈夫|妻子|爱人|对象|儿子|女儿|哥哥?|弟弟?|姐姐?|妹妹?"
# Who writes says the own name, or that of the own family; names of others whom nobody declared are not looked for (0027).
_SAID = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:我叫做?|本人叫|名字?叫做?|名字是|我名(?!单)|姓名[:是为 ]{{0,2}}){_NAME}{_FOLLOWS}",
        rf"(?:{_TELLER})(?:[:是为 ]{{1,2}}|{_NO_ADVERB}){_NAME}{_FOLLOWS}",
        rf"(?:(?:民工|{_ROLE})代表|联系(?:电话|方式))[:]{_NAME}{_FOLLOWS}",
        rf"(?:本人{_NO_ADVERB}|本人[是系]|我[是系]){_NAME}{_SIGN}",
        rf"(?:本人|我)[是系][^,，.。;；\n]{{0,30}}(?:{_ROLE}){_NAME}{_SIGN}",
        rf"我的?(?:{_KIN})[叫是]?{_NAME}{_SIGN}",
        # The signature: at the end of all, a date behind it or not.
        rf"(?:[!！。.,，;；*\s]|敬礼|(?:{_ROLE})[:])[ \n]{{0,3}}{_NAME}\s*(?:\d{{4}}[年./-][\d年月日号./-]*\s*)?$",
        r"(?:(?i:my name is)|I(?: a|')m(?= [A-Z][a-z]+ [A-Z])) (?P<it>[A-Z][a-z]+(?: [A-Z][a-z]+){0,2})(?=[,.;]| and|$)",
    )
)
_NEXT_NAME = re.compile(rf"[、,，]{_NAME}{_STOPS}")
_WIDE = [*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B), *map(ord, "＠．－＿＃＋（）：")]
NARROW = {code: code - 0xFEE0 for code in _WIDE} | {ord(dash): "-" for dash in "‐‑‒–—―−─"} | {0x3000: " ", 0xA0: " "}
# One for one, as people write a declared name: the traditional form, and the dots of Uighur names.
_PLAIN = str.maketrans(
    "國華強偉麗軍紅蘭鳳龍劉張陳楊趙黃吳孫馬羅鄭謝韓馮蕭許鄧蘇盧蔣賈葉閻餘鍾鄒陸萬錢湯龐樊顧東勝寶貴榮愛雲曉燕輝傑濤鵬飛學藝業義誠順興慶蓮鄉豔艷瓊•・‧∙⋅",
    "国华强伟丽军红兰凤龙刘张陈杨赵黄吴孙马罗郑谢韩冯萧许邓苏卢蒋贾叶阎余钟邹陆万钱汤庞樊顾东胜宝贵荣爱云晓燕辉杰涛鹏飞学艺业义诚顺兴庆莲乡艳艳琼·····",
)


def plain(text: str) -> str:
    """As names are compared; places stay the same."""
    return text.translate(NARROW).translate(_PLAIN)


def said_names(text: str) -> Iterator[re.Match[str]]:
    for pattern in _SAID:
        for match in pattern.finditer(text):
            following: re.Match[str] | None = match
            while following:
                yield following
                following = _NEXT_NAME.match(text, following.end("it"))


def spelled(name: str) -> str:
    """A Latin name stands as a word of its own; in a Chinese one there may be spaces."""
    if name.isascii():
        words = r"\s+".join(map(re.escape, name.split()))
        return rf"(?<![A-Za-z]){words}(?![A-Za-z])"
    return r"\s*".join(map(re.escape, re.sub(r"\s+", "", name)))
