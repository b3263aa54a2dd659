using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace VisionPlatform.Bench.Hosts;

/// <summary>Compares the hosts from a user's point of view: <c>hosts [--tiny] [SCENARIO…]</c>, scenarios cold-start, get and schedule, a line for each host.</summary>
internal static class HostsBench
{
    private static readonly Dictionary<string, Func<HostUnderTest, HostProcess, bool, CancellationToken, Task>> s_scenarios = new(StringComparer.Ordinal)
    {
        ["cold-start"] = (host, _, tiny, cancellation) => ColdStartAsync(host, tiny ? 2 : 10, cancellation),
        ["get"] = (host, process, tiny, cancellation) => GetAsync(host, process, TimeSpan.FromSeconds(tiny ? 1 : 10), cancellation),
        ["schedule"] = (host, process, tiny, cancellation) => ScheduleAsync(host, process, tiny ? 5 : 200, cancellation),
    };

    public static async Task RunAsync(string[] arguments, CancellationToken cancellation)
    {
        bool tiny = arguments.Contains("--tiny");
        string[] named = [.. arguments.Where(argument => argument != "--tiny")];
        if (named.FirstOrDefault(name => !s_scenarios.ContainsKey(name)) is { } unknown)
            throw new BenchArgumentException($"There is no scenario '{unknown}'; there are: {string.Join(", ", s_scenarios.Keys)}.");
        foreach (HostUnderTest host in HostUnderTest.FromEnvironment())
        {
            // The very first start also creates tables and the first administrator.
            (HostProcess process, _) = await HostProcess.StartAsync(host, cancellation);
            await using (process)
                foreach (string scenario in named.Length > 0 ? named : [.. s_scenarios.Keys])
                    await s_scenarios[scenario](host, process, tiny, cancellation);
        }
    }

    /// <summary>From the start of the process to the first healthy answer; the machine's caches are warm.</summary>
    private static async Task ColdStartAsync(HostUnderTest host, int starts, CancellationToken cancellation)
    {
        var times = new List<double>();
        for (int i = 0; i < starts; i++)
        {
            (HostProcess process, double milliseconds) = await HostProcess.StartAsync(host, cancellation);
            await process.DisposeAsync();
            times.Add(milliseconds);
        }
        Report.Result("cold-start", starts, times, starts / (times.Sum() / 1000), Extra(host));
    }

    /// <summary>GET auth/me: checks a token and reads one row. Sixteen callers at once.</summary>
    private static async Task GetAsync(HostUnderTest host, HostProcess process, TimeSpan duration, CancellationToken cancellation)
    {
        using HttpClient http = await SignInAsync(process, cancellation);
        await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => ReadAsync(http, "/api/v1/auth/me", cancellation)));
        long begun = Stopwatch.GetTimestamp();
        double[][] times = await Task.WhenAll(Enumerable.Range(0, 16).Select(async _ =>
        {
            var own = new List<double>();
            while (Stopwatch.GetElapsedTime(begun) < duration)
            {
                long asked = Stopwatch.GetTimestamp();
                await ReadAsync(http, "/api/v1/auth/me", cancellation);
                own.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
            }
            return own.ToArray();
        }));
        double[] all = [.. times.SelectMany(own => own)];
        Report.Result("get", all.Length, all, all.Length / Stopwatch.GetElapsedTime(begun).TotalSeconds, Extra(host));
    }

    /// <summary>From the request for an orchestration to its first turn, as its status shows; one after another.</summary>
    private static async Task ScheduleAsync(HostUnderTest host, HostProcess process, int count, CancellationToken cancellation)
    {
        using var http = new HttpClient { BaseAddress = process.Address };
        http.DefaultRequestHeaders.Add("x-functions-key", Environment.GetEnvironmentVariable("FUNCTIONS_MASTER_KEY"));
        var times = new List<double>();
        for (int i = -5; i < count; i++)
        {
            long begun = Stopwatch.GetTimestamp();
            // The input has no exports, so the orchestration starts but calls nothing.
            using HttpResponseMessage scheduled = await http.PostAsJsonAsync("/runtime/webhooks/durabletask/orchestrators/ExportModels", Array.Empty<Guid>(), cancellation);
            string id = JsonDocument.Parse(await scheduled.EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancellation)).RootElement.GetProperty("id").GetString()!;
            while ((await ReadAsync(http, $"/runtime/webhooks/durabletask/instances/{id}", cancellation)).GetProperty("runtimeStatus").GetString() == "Pending")
                await Task.Delay(1, cancellation);
            if (i >= 0)
                times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }
        Report.Result("schedule", count, times, count / (times.Sum() / 1000), Extra(host));
    }

    private static async Task<JsonElement> ReadAsync(HttpClient http, string path, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await http.GetAsync(path, cancellation);
        return JsonDocument.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(cancellation)).RootElement;
    }

    /// <summary>Signs in as the first administrator. The first benchmark on these databases changes the one-time password.</summary>
    private static async Task<HttpClient> SignInAsync(HostProcess process, CancellationToken cancellation)
    {
        string email = Environment.GetEnvironmentVariable("BOOTSTRAP_ADMIN_EMAIL")!, oneTime = Environment.GetEnvironmentVariable("BOOTSTRAP_ADMIN_PASSWORD")!;
        string password = oneTime + " of the bench";
        var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 64 }) { BaseAddress = process.Address };
        using HttpResponseMessage first = await http.PostAsJsonAsync("/api/v1/auth/login", new { email, password }, cancellation);
        using HttpResponseMessage session = first.IsSuccessStatusCode ? first : await http.PostAsJsonAsync("/api/v1/auth/login", new { email, password = oneTime }, cancellation);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync(session, cancellation));
        if (first.IsSuccessStatusCode)
            return http;
        using HttpResponseMessage changed = await http.PutAsJsonAsync("/api/v1/auth/password", new { currentPassword = oneTime, newPassword = password }, cancellation);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync(changed, cancellation));
        return http;
    }

    private static async Task<string> TokenAsync(HttpResponseMessage session, CancellationToken cancellation) =>
        JsonDocument.Parse(await session.EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancellation)).RootElement.GetProperty("accessToken").GetString()!;

    private static JsonObject Extra(HostUnderTest host) => new() { ["host"] = host.Name };
}
