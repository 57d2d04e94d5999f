use super::*;
use serde_json::json;

const BODY: &str = r#"{"b":1,"name":"J's \"x\"","list":[{"k":"a"},{"k":"b"}],"empty":[],"nested":{"t":true}}"#;

fn given(text: &str, body: &str, side: Side) -> Result<Made, TemplateError> {
    let parameters = Parameters {
        path: [("id".to_owned(), "7".to_owned())].into(),
        query: [("q".to_owned(), "a b".to_owned())].into(),
        headers: [("X-Tenant".to_owned(), "t1".to_owned())].into(),
    };
    let stage_variables = [("fn".to_owned(), "f".to_owned())].into();
    let context = json!({ "stage": "dev", "identity": { "sourceIp": "192.0.2.1" } });
    render(text, &Given { body, parameters: &parameters, context: &context, stage_variables: &stage_variables }, side)
}

fn made(text: &str) -> String {
    given(text, BODY, Side::Request).unwrap_or_else(|trouble| panic!("{text}: {trouble}")).text
}

#[test]
fn references_give_what_the_gateway_knows() {
    for (template, text) in [
        ("$input.json('$.name')", r#""J's \"x\"""#),
        ("$input.path('$.name')", "J's \"x\""),
        ("$input.json('$.nothing')", "\"\""),
        ("$input.path('$.list')", r#"[{"k":"a"},{"k":"b"}]"#),
        ("$input.path('$.nested')", "{t=true}"),
        ("$input.path('$').list.size()", "2"),
        ("$input.path('$').list[1].k", "b"),
        ("$input.params('id') $input.params('q') $input.params('x-tenant')", "7 a b t1"),
        ("[$input.params('none')]", "[]"),
        ("$input.params().header.get('X-Tenant')", "t1"),
        ("$input.params().path.id", "7"),
        ("$input.params().querystring", "{q=a b}"),
        ("$context.stage/${context.identity.sourceIp}", "dev/192.0.2.1"),
        ("[$context.nothing.at.all$stageVariables.none]", "[]"),
        ("${stageVariables.fn}x", "fx"),
        ("$stageVariables['fn']", "f"),
        ("$unknown $!unknown ${unknown.a} $ref", "$unknown  ${unknown.a} $ref"),
        ("5$ and $5 and $", "5$ and $5 and $"),
        (r##"{"$ref":"#/x","c":"#fff"}"##, r##"{"$ref":"#/x","c":"#fff"}"##),
        (r"\$context.stage \$nope", r"$context.stage \$nope"),
    ] {
        assert_eq!(made(template), text, "{template}");
    }
}

#[test]
fn directives_choose_repeat_and_set() {
    for (template, text) in [
        ("#set($a = 1)\n#set($a = $a + 2)\n$a", "3"),
        ("#if($input.path('$.b') == 1)one#{else}other#end", "one"),
        ("#if(false)a#elseif(1 > 2)b#elseif($x)c#else d#end", " d"),
        ("#foreach($i in $input.path('$.list'))$i.k#if($foreach.hasNext),#end#end", "a,b"),
        ("#foreach($i in [1..5])#if($i == 4)#break#end$velocityCount#end.", "123."),
        ("#foreach($i in $input.path('$.empty'))x#end", ""),
        ("#foreach($k in $input.params().querystring.keySet())$k=$input.params().querystring.get($k)#end", "q=a b"),
        ("#set($m = {'a': 1})#foreach($e in $m.entrySet())$e.key=$e.value#end", "a=1"),
        ("#define($x)<$a>#end#set($a = 1)$x#set($a = 2)$x\"$x\"", "<1><2>\"<2>\""),
        ("#define( $l )\n#foreach($k in $m.keySet())$k#end#end#set($m = {'b': 1})$l", "b"),
        ("#define($x)x$!x#end$x.", "xx."),
        ("a## gone\nb#* and\nthis *#c", "abc"),
        ("#[[ $raw #if ]]#", " $raw #if "),
        ("#set($s = \"x-$context.stage\")$s", "x-dev"),
        ("#set($s = 'x-$context.stage')$s", "x-$context.stage"),
        ("#set($l = [])#set($x = $l.add('p'))#set($x = $l.add(2))$l", "[p, 2]"),
        ("#set($m = {})#set($m.a = 1)#set($m['b'] = 'c')$m", "{a=1, b=c}"),
        ("#if(!$none && (1 + 2 * 3 == 7 or false))yes#end", "yes"),
        ("#if(\"\")true#end#if(0)true#end", "truetrue"),
        ("#set($x = $input.path('$.none'))[$x$x.a]#if($x == $null && $x == '')nothing#end", "[]nothing"),
        ("#set($x = $input.path('$.empty'))$x/$x.a/#if($x == $null || $x == '')nothing#end", "[]//"),
        ("before#stop after", "before"),
        ("#if(true)\n  x\n#end\ny", "  x\ny"),
        ("#set($x = -3)#set($y = 7 / 2)#set($z = 7 % 4)$x $y $z", "-3 3 3"),
    ] {
        assert_eq!(made(template), text, "{template}");
    }
}

#[test]
fn texts_have_javas_methods_and_util_rewrites_them() {
    for (template, text) in [
        ("$util.escapeJavaScript($input.path('$.name'))", r#"J\'s \"x\""#),
        (r#"$util.escapeJavaScript($input.params('q')).replaceAll("\\'","'")"#, "a b"),
        ("$util.base64Encode('hé')$util.base64Decode('aMOp')", "aMOphé"),
        ("$util.urlEncode('a b&c')$util.urlDecode('a%20b+c')", "a+b%26ca b c"),
        ("#set($o = $util.parseJson('{\"a\":[1,{\"b\":2}]}'))$o.a[1].b", "2"),
        ("#set($t = 'Hello')$t.length() $t.substring(1,3) $t.toUpperCase() $t.indexOf('l')", "5 el HELLO 2"),
        ("#set($t = 'a,b,,')$t.split(',').size()", "2"),
        (
            "#set($t = 'a-1')$t.replaceAll('([a-z])-(\\d)', '$2$1') $t.matches('[a-z].*') $t.contains('-')",
            "1a true true",
        ),
        ("$input.body.length()", &BODY.len().to_string()),
    ] {
        assert_eq!(made(template), text, "{template}");
    }
}

#[test]
fn an_empty_body_is_an_empty_object_and_any_other_text_is_itself() {
    assert_eq!(given("$input.json('$') $input.body", "", Side::Request).unwrap().text, "{} {}");
    assert_eq!(given("$input.json('$')", "plain", Side::Request).unwrap().text, "\"plain\"");
    assert_eq!(given("$input.json('$')", "{b: 1, a: 'x'}", Side::Request).unwrap().text, r#"{"b":1,"a":"x"}"#);
}

#[test]
fn what_a_template_sets_beside_its_text_is_given_back() {
    let text = "#set($context.responseOverride.status = 418)#set($context.responseOverride.header.X-A = 'v')ok";
    let made = given(text, "", Side::Response).unwrap();
    assert_eq!((made.text.as_str(), made.overrides.status.as_deref()), ("ok", Some("418")));
    assert_eq!(made.overrides.headers["X-A"], "v");
    let made = given("#set($context.requestOverride.path.id = 'x')", "", Side::Request).unwrap();
    assert_eq!(made.overrides.path["id"], "x");
    let both = json!({ "requestOverride": made.set["requestOverride"], "responseOverride": { "status": 418 } });
    assert_eq!(overrides_in(&both, Side::Response).unwrap().status.as_deref(), Some("418"));
    assert_eq!(overrides_in(&both, Side::Request).unwrap().path["id"], "x");
}

#[test]
fn what_is_no_template_is_refused_with_its_line() {
    for text in
        ["#if(true)", "a\n#end", "#set($x = )", "#foreach($x of $y)#end", "#if(1 +)#end", "#* x", "$x.a(1", "#else"]
    {
        assert!(matches!(check(text), Err(TemplateError::Syntax { .. })), "{text}");
    }
    assert_eq!(check("a\n\n#macro(x)#end"), Err(TemplateError::Lacking { line: 3, what: "#macro".into() }));
    assert!(check(&"#if(true)".repeat(1000)).is_err());
    assert!(check(&format!("#set($x = {})", "(".repeat(100_000))).is_err());
    assert!(check(&format!("#set($x = {}1)", "!".repeat(100_000))).is_err());
    assert!(check(&format!("#set($x = {}1)", "-".repeat(100_000))).is_err());
}

#[test]
fn blocks_expressions_and_texts_are_as_deep_as_they_stand_in_each_other_altogether() {
    let nested = |blocks: usize, lists: usize| {
        let list = format!("{}{}", "[".repeat(lists), "]".repeat(lists));
        format!("{}#set($x = {list}){}", "#if(true)".repeat(blocks), "#end".repeat(blocks))
    };
    assert_eq!(made(&nested(24, 24)), "");
    assert!(check(&nested(30, 30)).is_err());
    // Each text has blocks of its own, and the next one in them.
    let blocks = |inner: &str| format!("{}{inner}{}", "#if(true)".repeat(20), "#end".repeat(20));
    let text =
        (0..4).fold("1".to_owned(), |inner, _| blocks(&format!("#set($x = \"{}\")", inner.replace('"', "\"\""))));
    assert!(check(&text).is_err());
}

#[test]
fn no_template_runs_for_ever_or_makes_too_much() {
    let double = "#set($x = 'xxxxxxxxxxxxxxxx')#foreach($i in [1..60])#set($x = \"$x$x\")#end$x";
    assert_eq!(given(double, "", Side::Request), Err(TemplateError::TooLarge));
    let nested = "#foreach($i in [1..1000])#foreach($j in [1..1000])#foreach($k in [1..1000])#end#end#end";
    assert_eq!(given(nested, "", Side::Request), Err(TemplateError::TooLong));
    assert_eq!(given("#foreach($i in [1..1001])#end", "", Side::Request), Err(TemplateError::TooMany));
    let big = "#set($x = 'xxxxxxxxxx')#foreach($i in [1..16])#set($x = \"$x$x\")#end";
    for body in ["$x.isEmpty()", "$x == 1"] {
        let text = format!("{big}#foreach($i in [1..1000])#foreach($j in [1..100])#if({body})#end#end#end");
        assert_eq!(given(&text, "", Side::Request), Err(TemplateError::TooLong), "{body}");
    }
    let own = "#set($l = [])#set($x = $l.add($l))$l";
    assert_eq!(given(own, "", Side::Request), Err(TemplateError::TooLarge));
}

#[test]
fn a_long_expression_and_values_that_nest_deep_are_no_deep_calls() {
    for (operator, result) in [("+", "20001"), ("-", "-19999"), ("*", "1")] {
        assert_eq!(made(&format!("#set($x = 1{})$x", format!("{operator}1").repeat(20_000))), result);
    }
    assert_eq!(made(&format!("#set($x = false{})$x", "||false".repeat(20_000))), "false");
    let grow =
        |value: &str| format!("#set($a = [])#foreach($i in [1..12])#foreach($j in [1..900])#set($a = {value})#end#end");
    for value in ["[$a]", "{'a': $a}", "[[$a], $a]"] {
        assert_eq!(made(&grow(value)), "");
        let end = |what: &str| given(&format!("{}{what}", grow(value)), "", Side::Request);
        assert_eq!(end("$a"), Err(TemplateError::TooLarge), "{value}");
        assert_eq!(end("#if($a == 'x')#end"), Err(TemplateError::TooLarge), "{value}");
    }
}

#[test]
fn no_template_fills_the_memory_with_values() {
    let list = format!("[{}1]", "1,".repeat(100_000));
    // Most of what may be made is made already.
    let much = "#set($b = 'xxxxxxxxxxxxxxxx')#foreach($i in [1..18])#set($b = \"$b$b\")#end\
        #foreach($i in [1..55])#set($y = \"$b\")#end";
    assert_eq!(made(much), "");
    let map = "#set($m = {})#foreach($i in [1..1000])#set($m[$i] = 1)#end";
    for (before, value) in [
        ("", "[1..100000]"),
        (map, "{}.putAll($m)"),
        (map, "$m.entrySet()"),
        ("", "$input.path('$')"),
        ("", "$util.parseJson($input.body)"),
    ] {
        // No literal has methods.
        let value = match value.strip_prefix("{}") {
            Some(method) => format!("#set($n = {{}})#set($x = $n{method})"),
            None => format!("#set($x = {value})"),
        };
        let once = format!("{much}{before}{value}");
        assert_eq!(given(&once, "[1]", Side::Request).map(|made| made.text), Ok(String::new()), "{value}");
        let text = format!("{much}{before}#foreach($i in [1..1000]){value}#end");
        assert_eq!(given(&text, &list, Side::Request), Err(TemplateError::TooLong), "{value}");
    }
}

#[test]
fn what_templates_do_with_large_bodies_is_far_from_too_much() {
    let items: Vec<_> = (0..1000).map(|n| json!({ "id": n, "name": format!("It's number {n}"), "tags": [] })).collect();
    let body = json!({ "items": items, "text": "x".repeat(1_000_000) }).to_string();
    for (template, end) in [
        (r#""$util.escapeJavaScript($input.json('$')).replaceAll("\\'","'")""#, "\""),
        (r#"#foreach($i in [0..999])$input.json("$.items[$i].name")#end"#, "\"It's number 999\""),
        ("#foreach($i in $input.path('$.items'))$i.name.length()$input.path('$.items[0]').id#end", "0"),
        ("#set($root = $input.path('$'))#foreach($i in $root.items)$root.items[0].id $i.id,#end", "0 999,"),
        ("$input.json('$..id')", "998,999]"),
        ("$input.json(\"$.items[?(@.id == 999)].id\")", "[999]"),
    ] {
        let made = given(template, &body, Side::Request).unwrap_or_else(|trouble| panic!("{template}: {trouble}"));
        assert!(made.text.ends_with(end), "{template}");
    }
}

#[test]
fn what_input_gives_is_each_time_its_own() {
    let text = "#set($a = $input.path('$'))#set($a.b = 2)$input.json('$.b') $input.path('$').b $a.b";
    assert_eq!(made(text), "1 1 2");
    let own = "#set($l = [])#set($m = {'l': $l})#set($x = $l.add($m))#set($l = 1)#set($m = 1)$l$m";
    assert_eq!(made(own), "11");
}

mod hostile {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_runs_to_its_end(text in "([$#{}()\\[\\].'\"\\\\!,=a-c1 \n]|#set|#if|#end|#foreach|\\$input|\\$a){0,40}") {
            let _ = given(&text, BODY, Side::Request);
        }
    }
}
