using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;

namespace VisionPlatform.Platform.Tests.Contract;

/// <summary>A request that may be valid, almost valid or hostile.</summary>
internal sealed record GeneratedRequest(string Address, string? Body, IReadOnlyList<(string Name, string Value)> Headers, bool KeepsPath)
{
    public override string ToString() =>
        $"{Short(Address)} {string.Join(' ', Headers.Select(header => $"{header.Name}: {Short(header.Value)}"))} {(Body is null ? "" : Short(JsonSerializer.Serialize(Body)))}";

    private static string Short(string text) => text.Length > 400 ? $"{text[..400]}… ({text.Length} characters)" : text;
}

/// <summary>Generates requests from the description of an operation with FsCheck.</summary>
internal sealed class RequestGenerator(ApiOperation operation)
{
    private const string Left = "‮", ZeroWidth = "​";

    private static readonly string[] HostileTexts =
    [
        "", " ", "\0", "a\0b", "'; DROP TABLE users; --", "' OR '1'='1", "<script>alert(1)</script>", "javascript:alert(1)", "{{7*7}}", "${jndi:ldap://x}", "../../etc/passwd", "..\\..\\windows",
        "%00", "%2e%2e%2f", $"abc{Left}gpj.exe", $"zero{ZeroWidth}width", "\uFEFF", "\u0085", "é́́́", "e\u0301", "\u212A", "\u017F", "ß", "\u00AD", "CON", "a:b", "trailing.", "ImFcdTAwMDBiIg", "Ilx1ZDgwMCI", "10:00", "--createdAt", "👩‍🔬", "İ", "ﷺ", "NaN", "Infinity", "-0", "null", "undefined", "true", "0x1F", "1e309",
        "2026-13-45T99:99:99Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "00000000-0000-0000-0000-000000000000", "not-a-uuid", new string('a', 300), new string('é', 5000), new string('x', 100_000), "\r\nX-Injected: 1",
    ];

    private static readonly string[] HostileValues =
    [
        "null", "true", "-1", "0", "1e400", "1.5", "99999999999999999999999", "-9223372036854775808", "[]", "{}", "[null]", "[[]]", "{\"a\":{\"b\":{}}}", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\\ud800\"",
        Nested(20), Nested(200), "[" + string.Join(',', Enumerable.Repeat("1", 5000)) + "]",
    ];

    private static readonly string[] HostileBodies =
    [
        "", " ", "{", "}", "[]", "null", "\"text\"", "1", "{\"a\":1}{", "{\"a\":}", "{'a':1}", "{\"a\":1,\"a\":2}", "\uFEFF{}", "\0", "{\"\\u0000\":1}", "{\"\\ud800\":1}", "// comment", Nested(100_000),
        string.Concat(Enumerable.Repeat("{\"a\":", 150_000)), "{\"" + new string('k', 200_000) + "\":1}", "{" + string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"k{i}\":1")) + "}",
    ];

    private static readonly (string Name, string Value)[] HostileHeaders =
    [
        ("If-Match", "*"), ("If-Match", "\"1\""), ("If-Match", "no quotes"), ("If-None-Match", "\"\", W/\"x\""), ("If-None-Match", "\""), ("Idempotency-Key", "fuzz-key-of-many"), ("Idempotency-Key", new string('k', 300)),
        ("Idempotency-Key", ""), ("Accept", "text/html"), ("Accept", "application/json"), ("Accept", "a/b;q=x"), ("Last-Event-ID", "-1"), ("Last-Event-ID", "9999999999999999999999"), ("Origin", "null"),
        ("X-Forwarded-For", "nonsense, ::1"), ("traceparent", "00-zz"), ("Range", "bytes=5-1"), ("Accept-Encoding", "br;q=oops"), ("User-Agent", new string('u', 2000)),
    ];

    /// <summary>The same seed gives the same requests.</summary>
    public IReadOnlyList<GeneratedRequest> Sample(int count, ulong seed) => [.. Gen.Sample(Requests(), 50, new Rnd(seed), count)];

    private Gen<GeneratedRequest> Requests() =>
        from path in Paths()
        from query in Query()
        from body in Body()
        from headers in Gen.Frequency((3, Gen.Constant<IReadOnlyList<(string, string)>>([])), (1, Gen.Elements(HostileHeaders).Select(header => (IReadOnlyList<(string, string)>)[header])))
        select new GeneratedRequest(query.Length == 0 ? path.Text : $"{path.Text}?{query}", body.Text, [.. headers, .. body.Type is { } type ? [("Content-Type", type)] : Array.Empty<(string, string)>()], path.Kept);

    private Gen<(string Text, bool Kept)> Paths()
    {
        var parameters = operation.ParametersIn("path").ToList();
        if (parameters.Count == 0)
            return Gen.Constant((operation.Path, true));
        var right = parameters.Aggregate(operation.Path, (at, parameter) => at.Replace($"{{{parameter.GetProperty("name").GetString()}}}", parameter.GetProperty("example").ToString(), StringComparison.Ordinal));
        var nobody = parameters.Aggregate(operation.Path, (at, parameter) => at.Replace($"{{{parameter.GetProperty("name").GetString()}}}", "01995b5e-0a00-7000-8000-0000000000ff", StringComparison.Ordinal));
        var hostile = Gen.Elements(HostileTexts.Where(text => text.Length is > 0 and < 3000)).Select(text =>
            (parameters.Aggregate(operation.Path, (at, parameter) => at.Replace($"{{{parameter.GetProperty("name").GetString()}}}", Uri.EscapeDataString(text), StringComparison.Ordinal)), false));
        return Gen.Frequency((6, Gen.Constant((right, true))), (1, Gen.Constant((nobody, true))), (1, hostile));
    }

    private Gen<string> Query()
    {
        var parts = operation.ParametersIn("query").Select(parameter =>
        {
            var name = parameter.GetProperty("name").GetString()!;
            var right = parameter.TryGetProperty("example", out var example) ? example.ToString() : "1";
            return Gen.Frequency(
                (4, Gen.Constant($"{name}={Uri.EscapeDataString(right)}")),
                (3, Gen.Constant("")),
                (3, Gen.Elements(HostileTexts.Where(text => text.Length < 3000)).Select(text => $"{name}={Uri.EscapeDataString(text)}")),
                (1, Gen.Constant($"{name}={Uri.EscapeDataString(right)}&{name}={Uri.EscapeDataString(right)}")),
                (1, Gen.Elements("%", "%zz", "%00", "%ff%fe", "%ed%a0%80", "-1", "99999999999999999999").Select(raw => $"{name}={raw}")));
        });
        return Joined(parts, "&");
    }

    private Gen<(string? Text, string? Type)> Body()
    {
        if (operation.Body is not { } body)
            return Gen.Frequency((6, Gen.Constant(Default(null))), (1, Gen.Elements(HostileBodies).Select(Default)));
        var made = body.Name == "application/json" ? Value(body.Value.GetProperty("schema"), operation.BodyExample, 0) : Gen.Elements(HostileTexts);
        List<(int, Gen<(string?, string?)>)> kinds =
            [(2, Gen.Constant(Default(operation.BodyExample?.GetRawText()))), (8, made.Select(Default)), (2, Gen.Elements(HostileBodies).Select(Default))];
        if (operation.RawBodyTypes is { Count: > 0 } raw)
            kinds.Add((4, from text in Gen.Elements(HostileTexts.Concat(HostileBodies)) from type in Gen.Elements(raw.ToArray()) select ((string?)text, (string?)type.Replace("*", "png", StringComparison.Ordinal))));
        return Gen.Frequency([.. kinds]);

        static (string?, string?) Default(string? text) => (text, null);
    }

    /// <summary>JSON text that mostly, but not always, follows the schema.</summary>
    private Gen<string> Value(JsonElement schema, JsonElement? example, int depth)
    {
        var hostile = Gen.OneOf(Gen.Elements(HostileValues), Gen.Elements(HostileTexts).Select(text => JsonSerializer.Serialize(text)));
        var right = Right(operation.Description.Schemas.Resolve(schema), example, depth);
        return Gen.Frequency((depth == 0 ? 20 : 7, right), (1, hostile));
    }

    private Gen<string> Right(JsonElement schema, JsonElement? example, int depth)
    {
        if (depth > 6 || schema.ValueKind != JsonValueKind.Object)
            return Gen.Elements(HostileValues);
        if (schema.TryGetProperty("anyOf", out var any))
            return Gen.OneOf(any.EnumerateArray().Select(part => Right(operation.Description.Schemas.Resolve(part), example, depth + 1)));
        if (schema.TryGetProperty("enum", out var values))
            return Gen.Elements(values.EnumerateArray().Select(value => value.GetRawText()));
        var kind = !schema.TryGetProperty("type", out var type) ? null
            : type.ValueKind == JsonValueKind.String ? type.GetString() : type.EnumerateArray().Select(one => one.GetString()).First(one => one != "null");
        var made = kind switch
        {
            "object" => Object(schema, example, depth),
            "array" => Gen.Frequency((1, Family(schema, example, depth)), (4, Gen.Choose(0, 3).SelectMany(count => Joined(
                Enumerable.Range(0, count).Select(i => Value(schema.GetProperty("items"), example is { ValueKind: JsonValueKind.Array } list && i < list.GetArrayLength() ? list[i] : null, depth + 1)), ",", keepEmpty: true)).Select(items => $"[{items}]"))),
            "integer" => Gen.Choose(-2, 1000).Select(number => number.ToString(CultureInfo.InvariantCulture)),
            "number" => Gen.Choose(-200, 1000).Select(number => (number / 7.0).ToString("R", CultureInfo.InvariantCulture)),
            "boolean" => Gen.Elements("true", "false"),
            "string" => schema.TryGetProperty("format", out var format) && format.GetString() == "uuid"
                ? Gen.Choose(0, int.MaxValue).Select(i => $"\"01995b5e-0a00-7000-8000-{i:x12}\"")
                : Gen.OneOf(Gen.Choose(0, 60).Select(length => JsonSerializer.Serialize(new string('n', length))), Gen.Choose(0, int.MaxValue).Select(i => $"\"name {i}\"")),
            _ => Gen.Elements(HostileValues),
        };
        return example is { } known && kind != "object" ? Gen.Frequency((1, made), (2, Gen.Constant(known.GetRawText()))) : made;
    }

    /// <summary>An array of two items that differ only in the spelling of letters: in case, or by a letter that folds to the other.</summary>
    private Gen<string> Family(JsonElement schema, JsonElement? example, int depth) =>
        from item in Value(schema.GetProperty("items"), example is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0 ? list[0] : null, depth + 1)
        from other in Gen.Elements<Func<string, string>>(
            text => text, text => text.Replace('k', '\u212A'), text => text.Replace('s', '\u017F'), text => text.Replace("c", "C", StringComparison.Ordinal), text => text.Replace("e", "e\u0301", StringComparison.Ordinal))
        select $"[{item},{Regex.Replace(item, ": ?\"[^\"]*\"", match => other(match.Value))}]";

    private Gen<string> Object(JsonElement schema, JsonElement? example, int depth)
    {
        if (!schema.TryGetProperty("properties", out var properties))
            return Gen.Elements("{}", "{\"a\":1}", "{\"a\":{\"b\":[1,2]}}", example?.GetRawText() ?? "{}");
        var fields = properties.EnumerateObject().Select(property =>
        {
            var known = example is { ValueKind: JsonValueKind.Object } whole && whole.TryGetProperty(property.Name, out var part) ? part : (JsonElement?)null;
            var sent = Value(property.Value, known, depth + 1).Select(value => $"{JsonSerializer.Serialize(property.Name)}:{value}");
            return Gen.Frequency((known is null ? 2 : 9, sent), (known is null ? 2 : 1, Gen.Constant("")));
        }).Append(Gen.Frequency((12, Gen.Constant("")), (1, Gen.Constant("\"surprise\":1"))));
        return Joined(fields, ",").Select(all => $"{{{all}}}");
    }

    private static Gen<string> Joined(IEnumerable<Gen<string>> parts, string separator, bool keepEmpty = false) =>
        parts.Aggregate(Gen.Constant(""), (all, part) =>
            from sofar in all
            from next in part
            select next.Length == 0 && !keepEmpty ? sofar : sofar.Length == 0 ? next : sofar + separator + next);

    private static string Nested(int depth) => new string('[', depth) + new string(']', depth);
}
