using System.Globalization;
using System.Text.Json.Nodes;

namespace VisionPlatform.Bench.Api;

/// <summary>One measurement, made on the app and on the bare endpoint.</summary>
/// <param name="Name">Name of the scenario. The bare endpoint that it is compared with is <c>bare-…</c>.</param>
/// <param name="Connections">Number of connections. Each sends its next request when the previous one is answered.</param>
/// <param name="OfApp">The n-th request to the app.</param>
/// <param name="OfBare">The n-th request to the bare endpoint.</param>
internal sealed record Scenario(string Name, int Connections, Func<int, byte[]> OfApp, Func<int, byte[]> OfBare)
{
    /// <summary>Whether the request goes to the app that has one function and no middleware.</summary>
    public bool OfEmptyApp { get; init; }
}

/// <summary>
/// Measures the API: <c>api [--tiny] [--connections N] [SCENARIO…]</c>. The app runs in its own process, as in production. Next to each figure is the same
/// work behind a bare Kestrel endpoint with Npgsql or the presigner, in another process, from the same load generator, in the same run.
/// </summary>
internal static class ApiBench
{
    /// <summary>The argument that makes this program the bare endpoint.</summary>
    public const string ServeBare = "serve-bare";

    /// <summary>The argument that makes this program an app with one function.</summary>
    public const string ServeEmpty = "serve-empty";

    private const int Projects = 2_000;
    private const int Rounds = 3;

    public static async Task RunAsync(string[] arguments, CancellationToken cancellation)
    {
        if (arguments is [ServeBare, ..])
        {
            await BareServer.RunAsync(cancellation);
            return;
        }
        if (arguments is [ServeEmpty, ..])
        {
            await EmptyApp.RunAsync(cancellation);
            return;
        }
        var tiny = arguments.Contains("--tiny");
        var connections = ConnectionsOf(arguments);
        var named = arguments.Where((argument, i) => !argument.StartsWith("--", StringComparison.Ordinal) && (i == 0 || arguments[i - 1] != "--connections")).ToList();
        var server = Server.FromEnvironment();
        Report.Progress($"databases, {Projects} projects");
        var data = await BenchData.CreateAsync(server, Projects, cancellation);
        var scenarios = Scenarios(data);
        if (named.FirstOrDefault(name => scenarios.All(scenario => scenario.Name != name)) is { } unknown)
            throw new BenchArgumentException($"There is no scenario '{unknown}'; there are: {string.Join(", ", scenarios.Select(scenario => scenario.Name))}.");

        await using var app = await BenchProcess.StartAppAsync(data, cancellation);
        await using var bare = await BenchProcess.StartBareAsync(data, cancellation);
        await using var empty = await BenchProcess.StartEmptyAppAsync(data, cancellation);
        foreach (var chosen in scenarios.Where(scenario => named.Count == 0 || named.Contains(scenario.Name)))
        {
            var scenario = chosen with { Connections = connections ?? chosen.Connections };
            Report.Progress(scenario.Name);
            await MeasureAsync(scenario, data, scenario.OfEmptyApp ? empty : app, bare, tiny ? TimeSpan.FromMilliseconds(300) : TimeSpan.FromSeconds(4), cancellation);
        }
    }

    /// <summary>Number of connections from the command line; null for the number of each scenario.</summary>
    private static int? ConnectionsOf(string[] arguments)
    {
        var at = Array.IndexOf(arguments, "--connections");
        if (at < 0)
            return null;
        return at + 1 < arguments.Length && int.TryParse(arguments[at + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new BenchArgumentException("--connections takes a number from 1.");
    }

    // Alternate between the two, so that other load on the machine affects both.
    private static async Task MeasureAsync(Scenario scenario, BenchData data, BenchProcess app, BenchProcess bare, TimeSpan time, CancellationToken cancellation)
    {
        var ofApp = new LoadResult();
        var ofBare = new LoadResult();
        var next = 0;
        await data.ForgetUploadsAsync(cancellation);
        // Long enough for the JIT compiler to optimize the code that runs often.
        await LoadGenerator.RunAsync(app.Port, scenario.Connections, () => scenario.OfApp(Interlocked.Increment(ref next)), time * 3, cancellation);
        await LoadGenerator.RunAsync(bare.Port, scenario.Connections, () => scenario.OfBare(Interlocked.Increment(ref next)), time / 2, cancellation);
        for (var round = 0; round < Rounds; round++)
        {
            await data.ForgetUploadsAsync(cancellation);
            ofBare.Add(await RunAsync(bare, scenario.OfBare));
            ofApp.Add(await RunAsync(app, scenario.OfApp));
        }
        Write("bare-" + scenario.Name, scenario, ofBare, null);
        // Ratio of the throughputs: 0.5 means half as many requests a second as the bare endpoint.
        Write(scenario.Name, scenario, ofApp, ofBare.PerSecond == 0 ? null : ofApp.PerSecond / ofBare.PerSecond);

        async Task<LoadResult> RunAsync(BenchProcess server, Func<int, byte[]> request)
        {
            var before = server.ProcessorTime;
            var result = await LoadGenerator.RunAsync(server.Port, scenario.Connections, () => request(Interlocked.Increment(ref next)), time, cancellation);
            result.Processor = server.ProcessorTime - before;
            return result;
        }
    }

    private static void Write(string name, Scenario scenario, LoadResult result, double? ratio)
    {
        if (result.Refused > 0)
            throw new InvalidOperationException($"{name}: {result.Refused} of {result.Milliseconds.Count + result.Refused} requests were not answered with success: {result.FirstRefusal}");
        Report.Result(name, result.Milliseconds.Count, result.Milliseconds, result.PerSecond, new JsonObject
        {
            ["ratio"] = ratio is { } known ? Report.Rounded(known) : null,
            ["connections"] = scenario.Connections,
            ["cpuMicroseconds"] = Report.Rounded(result.Processor.TotalMicroseconds / result.Milliseconds.Count),
        });
    }

    private static List<Scenario> Scenarios(BenchData data)
    {
        var batch = string.Join(',', Enumerable.Range(0, 1_000).Select(i => $$"""{"path":"scratch/@_{{i.ToString("d4", CultureInfo.InvariantCulture)}}.png","size":20480,"contentType":"image/png"}"""));
        return
        [
            new("get", 50, _ => Http.Get("/nothing", null), _ => Http.Get("/nothing", null)) { OfEmptyApp = true },
            new("health-live", 50, _ => Http.Get("/health/live", null), _ => Http.Get("/nothing", null)),
            new("projects-list", 100, _ => Http.Get("/api/v1/projects?limit=20", data.Token), _ => Http.Get("/projects", null)),
            new("projects-create", 100,
                n => Http.Post("/api/v1/projects", $$"""{"name":"Made {{n}} of {{data.Run}}","description":"Scratches and dents"}""", data.Token),
                n => Http.Post("/projects", $$"""{"name":"Bare {{n}} of {{data.Run}}","description":"Scratches and dents"}""", null)),
            new("presign", 10, n => Uploads(One(n)), n => Http.Post("/presign", One(n), null)),
            new("presign-batch-1000", 1, n => Uploads(Many(n)), n => Http.Post("/presign", Many(n), null)),
        ];

        string One(int n) => $$"""{"files":[{"path":"scratch/one_{{data.Run}}_{{n}}.png","size":20480,"contentType":"image/png"}]}""";
        string Many(int n) => $$"""{"files":[{{batch.Replace("@", $"many_{data.Run}_{n}", StringComparison.Ordinal)}}]}""";
        byte[] Uploads(string body) => Http.Post($"/api/v1/datasets/{data.Dataset}/uploads", body, data.Token);
    }
}
