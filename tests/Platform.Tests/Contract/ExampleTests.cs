using System.Text.Json;
using VisionPlatform.Images;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Contract;

/// <summary>Sends every example of the description to the running app and compares the answers with the description.</summary>
public sealed class ExampleTests(PlatformHost host, SharedContractApp shared) : PlatformTests(host), IClassFixture<SharedContractApp>
{
    private static readonly ApiDescription Description = ApiDescription.Present;

    [Fact]
    public async Task Every_example_is_answered_as_described()
    {
        var contract = shared.Contract;
        var wrong = new List<string>();
        foreach (var operation in Description.Operations)
        {
            await contract.Data.ResetAsync(operation.Id);
            var answer = await contract.SendAsync(operation, operation.ExampleAddress(), operation.BodyExample?.GetRawText());
            if (!operation.Successes.Contains((int)answer.Status))
                wrong.Add($"{operation}: answered {(int)answer.Status}, not {string.Join(" or ", operation.Successes)}: {answer.RawText}. "
                    + "Mend Example (or [Query(Example)]), or give ExampleData the row it speaks of.");
            else
                wrong.AddRange(Differences(operation, answer).Select(difference => $"{operation}: {difference}"));
        }
        Assert.True(wrong.Count == 0, "Examples that are not answered as described:\n  " + string.Join("\n  ", wrong));
    }

    [Fact]
    public async Task Every_operation_that_creates_something_takes_an_idempotency_key()
    {
        var contract = shared.Contract;
        var wrong = new List<string>();
        foreach (var operation in Description.Operations.Where(operation => operation.ParametersIn("header").Any(header => header.GetProperty("name").GetString() == "Idempotency-Key")))
        {
            await contract.Data.ResetAsync(operation.Id);
            var key = ("Idempotency-Key", Guid.CreateVersion7().ToString());
            var first = await contract.SendAsync(operation, operation.ExampleAddress(), operation.BodyExample?.GetRawText(), key);
            var again = await contract.SendAsync(operation, operation.ExampleAddress(), operation.BodyExample?.GetRawText(), key);
            if (first.RawText != again.RawText || first.Status != again.Status || !again.Headers.Contains("Idempotency-Replayed") || first.Headers.Location != again.Headers.Location)
                wrong.Add($"{operation} makes it twice: pass request.Once to the use case (docs/development.md, Add an endpoint), or say NotIdempotent = \"why\". It answered {(int)first.Status}, then {(int)again.Status}: {again.RawText}");
        }
        Assert.True(wrong.Count == 0, string.Join("\n  ", wrong));
    }

    [Fact]
    public async Task Every_resource_that_can_be_read_and_changed_has_versions()
    {
        var contract = shared.Contract;
        var wrong = new List<string>();
        foreach (var operation in Description.Operations.Where(operation => operation.ParametersIn("header").Any(header => header.GetProperty("name").GetString() is "If-Match" or "If-None-Match")))
        {
            await contract.Data.ResetAsync(operation.Id);
            if (operation.Method == "GET")
            {
                var first = await contract.SendAsync(operation, operation.ExampleAddress(), null);
                if (first.Headers.ETag is not { } tag)
                    wrong.Add($"{operation} answers no ETag: return Answer.Ok(body, row.Version), or say Unversioned = \"why\".");
                else if ((int)(await contract.SendAsync(operation, operation.ExampleAddress(), null, ("If-None-Match", tag.ToString()))).Status != 304)
                    wrong.Add($"{operation} does not answer 304 to its own ETag: give showsMore only parts that stay the same.");
            }
            else if (await contract.SendAsync(operation, operation.ExampleAddress(), operation.BodyExample?.GetRawText(), ("If-Match", "\"of-long-ago\"")) is var answer
                     && ((int)answer.Status != 412 || answer.Text("currentVersion") is null))
            {
                wrong.Add($"{operation} changes whatever version there is: call request.RequireMatch(row.Version), or say Unversioned = \"why\". It answered {(int)answer.Status} {answer.RawText}");
            }
        }
        Assert.True(wrong.Count == 0, string.Join("\n  ", wrong));
    }

    private static IEnumerable<string> Differences(ApiOperation operation, ApiAnswer answer)
    {
        var response = operation.Response((int)answer.Status)!.Value;
        if (response.TryGetProperty("headers", out var headers) && headers.TryGetProperty("Location", out _) && answer.Headers.Location is null)
            yield return "the answer has no Location.";
        if (!response.TryGetProperty("content", out var content))
        {
            if (answer.RawText.Length > 0)
                yield return $"the answer has a body: {answer.RawText}; add Returns = typeof(…).";
            yield break;
        }
        var type = answer.ContentHeaders.ContentType?.MediaType;
        if (type is null || !content.TryGetProperty(type, out var declared))
            yield return $"the answer is {answer.ContentHeaders.ContentType}, not {string.Join(" or ", content.EnumerateObject().Select(one => one.Name))}.";
        else if (type == "application/json")
            foreach (var difference in Description.Schemas.Differences(JsonDocument.Parse(answer.RawText).RootElement, declared.GetProperty("schema")))
                yield return $"{difference} (in {answer.RawText[..Math.Min(300, answer.RawText.Length)]})";
    }
}
