using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Json;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Contract;

/// <summary>Rules for all lists and query parameters, checked on the rows of the examples.</summary>
public sealed class ListTests(PlatformHost host, SharedContractApp shared) : PlatformTests(host), IClassFixture<SharedContractApp>
{
    private static readonly IReadOnlyList<ApiOperation> Reads = [.. ApiDescription.Present.Operations.Where(operation => operation.Method == "GET")];

    /// <summary>JSON that is no cursor of any page, or that no column can store.</summary>
    private static readonly string[] ForeignCursors =
    [
        "\"\\u0000\"", "\"a\\u0000b\"", "\"\\ud800\"", "null", "true", "[]", "{}", "1e400", "\"x\"", "{\"sort\":\"name\",\"key\":\"\\u0000\",\"id\":\"01995b5e-0a00-7000-8000-000000000001\"}",
        "{\"sort\":\"name\",\"key\":null,\"id\":null}", "{\"sort\":\"updatedAt\",\"key\":\"10:00\",\"id\":\"01995b5e-0a00-7000-8000-000000000001\"}", "{\"attempt\":99999999999,\"epoch\":1}", "{", "",
    ];

    [Fact]
    public async Task Every_list_refuses_a_cursor_that_none_of_its_pages_gave()
    {
        var contract = shared.Contract;
        var wrong = new List<string>();
        foreach (var list in Lists("cursor"))
        {
            await contract.Data.ResetAsync(list.Id);
            foreach (var cursor in ForeignCursors.Select(json => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json))).Append("%00").Append("ü"))
            {
                var answer = await contract.SendAsync(list, With(list, "cursor", cursor), null);
                // A text is a valid cursor of a list that is sorted by a text.
                if ((int)answer.Status is not (400 or 200) || ((int)answer.Status == 200 && cursor is not ("Ingi" or "")))
                    wrong.Add($"{list} answers {(int)answer.Status} to the cursor {cursor}: {answer.RawText}");
            }
        }
        Assert.True(wrong.Count == 0, string.Join("\n  ", wrong));
    }

    [Fact]
    public async Task Every_list_holds_its_limit_and_its_pages_have_each_item_once()
    {
        var contract = shared.Contract;
        var wrong = new List<string>();
        foreach (var list in Lists("cursor"))
        {
            await contract.Data.ResetAsync(list.Id);
            var whole = (await contract.SendAsync(list, With(list, "limit", "200"), null)).Items.Select(item => item.GetRawText().Split('?')[0]).ToList();
            var paged = new List<string>();
            string? cursor = null;
            do
            {
                var page = await contract.SendAsync(list, With(list, "limit", "1") + (cursor is null ? "" : $"&cursor={cursor}"), null);
                if (page.Items.Count > 1)
                    wrong.Add($"{list} answers {page.Items.Count} items with limit=1");
                paged.AddRange(page.Items.Select(item => item.GetRawText().Split('?')[0]));
                cursor = page.NextCursor;
            }
            while (cursor is not null && paged.Count <= whole.Count);
            if (!paged.SequenceEqual(whole))
                wrong.Add($"{list} has {whole.Count} items, but its pages have {paged.Count}");
        }
        Assert.True(wrong.Count == 0, string.Join("\n  ", wrong));
    }

    [Theory]
    [InlineData("--createdAt")]
    [InlineData("+createdAt")]
    [InlineData("CREATEDAT")]
    [InlineData("createdAt,")]
    [InlineData("-")]
    public async Task Every_list_refuses_an_order_that_it_does_not_have(string sort)
    {
        var contract = shared.Contract;
        var wrong = new List<string>();
        foreach (var list in Lists("sort"))
        {
            await contract.Data.ResetAsync(list.Id);
            if ((await contract.SendAsync(list, With(list, "sort", sort), null)).Code != "INVALID_PARAMETER")
                wrong.Add($"{list} takes sort={sort}");
        }
        Assert.True(wrong.Count == 0, string.Join("\n  ", wrong));
    }

    [Fact]
    public async Task Every_time_must_be_written_as_RFC_3339_says()
    {
        var contract = shared.Contract;
        var wrong = new List<string>();
        foreach (var (operation, name) in Reads.SelectMany(operation => operation.ParametersIn("query").Where(IsTime).Select(parameter => (operation, parameter.GetProperty("name").GetString()!))))
        {
            await contract.Data.ResetAsync(operation.Id);
            foreach (var text in (string[])["10:00", "2026-11-20", "2026-11-20T08:30:00", "11/20/2026", "2026-11-20 08:30:00Z"])
                if ((await contract.SendAsync(operation, With(operation, name, text), null)).Code != "INVALID_PARAMETER")
                    wrong.Add($"{operation} takes {name}={text}");
            if ((await contract.SendAsync(operation, With(operation, name, "2026-11-20T08:30:00.5+01:00"), null)).Status == HttpStatusCode.BadRequest)
                wrong.Add($"{operation} refuses a time with an offset");
        }
        Assert.True(wrong.Count == 0, string.Join("\n  ", wrong));
    }

    [Fact]
    public async Task Every_address_that_answers_GET_answers_HEAD_with_the_same_status_and_without_a_body()
    {
        var contract = shared.Contract;
        var wrong = new List<string>();
        foreach (var read in Reads)
        {
            await contract.Data.ResetAsync(read.Id);
            var head = await contract.SendAsync(read with { Method = "HEAD" }, read.ExampleAddress(), null);
            var get = await contract.SendAsync(read, read.ExampleAddress(), null);
            if (head.Status != get.Status || head.RawText.Length > 0 || Differ(head.Headers.ETag, get.Headers.ETag) || Differ(head.ContentHeaders.ContentType, get.ContentHeaders.ContentType))
                wrong.Add($"{read}: GET answers {(int)get.Status} {get.ContentHeaders.ContentType}, HEAD {(int)head.Status} {head.ContentHeaders.ContentType} {head.RawText}");
        }
        Assert.True(wrong.Count == 0, string.Join("\n  ", wrong));
    }

    private static bool Differ(object? one, object? other) => one?.ToString() != other?.ToString();

    private static IEnumerable<ApiOperation> Lists(string parameter) => Reads.Where(operation => operation.ParametersIn("query").Any(one => one.GetProperty("name").GetString() == parameter));

    private static bool IsTime(JsonElement parameter) => parameter.GetProperty("schema").TryGetProperty("format", out var format) && format.GetString() == "date-time";

    /// <summary>The address of the example with another value of one query parameter.</summary>
    private static string With(ApiOperation operation, string name, string value)
    {
        var parts = operation.ExampleAddress().Split('?');
        var others = parts.Length < 2 ? [] : parts[1].Split('&').Where(pair => pair.Split('=')[0] is var other && other != name && other is not ("limit" or "sort"));
        return $"{parts[0]}?{string.Join('&', others.Append($"{name}={Uri.EscapeDataString(value)}"))}";
    }
}
