using System.Globalization;
using System.Text.Json;
using VisionPlatform.Images;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Contract;

/// <summary>
/// Sends valid and hostile requests, which are generated from the description, to the running app. No answer is a 500, every failure is a problem
/// that the description lists, and every success has the described form. FUZZ_SEED and FUZZ_REQUESTS (requests for each operation) change the
/// run; <c>./platform test fuzz</c> is a long run.
/// </summary>
public sealed class FuzzTests(PlatformHost host) : PlatformTests(host)
{
    private const int AtOnce = 4;

    private static readonly ulong Seed = Setting("FUZZ_SEED", 20261121);
    private static readonly int Requests = (int)Setting("FUZZ_REQUESTS", 6);
    private static readonly ApiDescription Description = ApiDescription.Present;
    private static readonly JsonElement Problem = Description.Document.GetProperty("components").GetProperty("schemas").GetProperty("Problem");

    [Fact]
    public async Task Every_request_is_answered_as_described_and_none_makes_the_app_fail()
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"FUZZ_SEED={Seed} FUZZ_REQUESTS={Requests}");
        await using var contract = await ContractApp.StartAsync(Host);
        var wrong = new List<string>();
        foreach (var operation in Description.Operations)
        {
            await contract.Data.ResetAsync(operation.Id);
            var requests = new RequestGenerator(operation).Sample(Requests, Seed);
            await Parallel.ForEachAsync(requests, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (request, _) =>
            {
                // Send each request twice at the same time: equal requests must not make each other fail.
                var twins = await Task.WhenAll(
                    contract.SendAsync(operation, request.Address, request.Body, [.. request.Headers]), contract.SendAsync(operation, request.Address, request.Body, [.. request.Headers]));
                foreach (var fault in twins.Select(answer => Fault(operation, request, answer)).OfType<string>())
                    lock (wrong)
                        wrong.Add($"{operation}: {fault}\n    {request}");
            });
        }
        if (wrong.Count > 0)
            TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', contract.App.Log.Where(line => line.Contains("failed unexpectedly", StringComparison.Ordinal))));
        var kinds = wrong.GroupBy(line => line[..Math.Min(line.IndexOf('\n', StringComparison.Ordinal), 160)]).Select(kind => kind.First());
        Assert.True(wrong.Count == 0, $"{wrong.Count} requests (FUZZ_SEED={Seed} FUZZ_REQUESTS={Requests}) were not answered as they should be:\n  " + string.Join("\n  ", kinds));
    }

    private static string? Fault(ApiOperation operation, GeneratedRequest request, ApiAnswer answer)
    {
        var status = (int)answer.Status;
        // The server refused invalid HTTP before the app saw it.
        if (status == 400 && answer.RawText.Length == 0 && !answer.Headers.Contains("X-Content-Type-Options"))
            return null;
        if (status is 500 or 501 or 502 or 504)
            return $"answered {status}: {answer.RawText}";
        if (status < 400)
            return request.KeepsPath && status < 300 ? FaultOfSuccess(operation, answer) : null;
        if (answer.ContentHeaders.ContentType?.MediaType != "application/problem+json")
            // Readiness answers 503 with a report.
            return operation.Successes.Contains(status) || operation.Id.Contains("healthReady", StringComparison.Ordinal) ? null : $"answered {status} without a problem: {answer.ContentHeaders.ContentType} {answer.RawText}";
        if (Description.Schemas.Differences(answer.Body, Problem) is { Count: > 0 } differences)
            return $"its problem is not well formed: {string.Join("; ", differences)}";
        if (request.KeepsPath && !operation.Codes.Contains(answer.Code))
            return $"answered {answer.Code}, which its description does not list: add \"{answer.Code}\" to Problems of [Operation]";
        return null;
    }

    private static string? FaultOfSuccess(ApiOperation operation, ApiAnswer answer)
    {
        if (operation.Response((int)answer.Status) is not { } response)
            return $"answered {(int)answer.Status}, which its description does not list";
        var type = answer.ContentHeaders.ContentType?.MediaType;
        if (!response.TryGetProperty("content", out var content) ? answer.RawText.Length > 0 : type is null || !content.TryGetProperty(type, out _))
            return $"answered {type ?? "a body"}, which its description does not list for {(int)answer.Status}";
        if (type != "application/json" || operation.JsonAnswer((int)answer.Status) is not { } schema)
            return null;
        return Description.Schemas.Differences(answer.Body, schema) is { Count: > 0 } differences ? $"its answer does not fit: {string.Join("; ", differences.Take(3))}" : null;
    }

    private static ulong Setting(string name, ulong fallback) =>
        ulong.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : fallback;
}
