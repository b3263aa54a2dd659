using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;
using VisionPlatform.Tests;

namespace VisionPlatform.Bench.Serving;

/// <summary>
/// Predictions a second: <c>serving [--tiny] [SCENARIO…]</c>, scenarios small-1, small-32, resnet18-1 and resnet18-32 (requests of one JPEG at once). Beside
/// the model server: the same ONNX file in a bare loop of the runtime, as many images a run as there are requests at once, without decoding anything
/// (<c>ratioBare</c>); and the torchvision trainer, which serves where there is no model server (<c>ratioPython</c>). The scenario roll-out is
/// <see cref="RollOut"/>.
/// </summary>
internal static class ServingBench
{
    private static readonly (string Model, int AtOnce)[] s_scenarios = [("small", 1), ("small", 32), ("resnet18", 1), ("resnet18", 32)];
    private const string RollOutName = "roll-out";

    public static async Task RunAsync(string[] arguments, CancellationToken cancellation)
    {
        bool tiny = arguments.Contains("--tiny");
        TimeSpan duration = TimeSpan.FromSeconds(tiny ? 1 : 8);
        string[] named = [.. arguments.Where(argument => argument != "--tiny")];
        string[] known = [.. s_scenarios.Select(Name), RollOutName];
        if (named.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
            throw new BenchArgumentException($"There is no scenario '{unknown}'; there are: {string.Join(", ", known)}.");
        string folder = Directory.CreateTempSubdirectory("serving-bench-").FullName;
        try
        {
            using (Process script = Process.Start(new ProcessStartInfo("/usr/bin/python3", [Setting("BENCH_SERVING_SCRIPT"), folder, Setting("BENCH_TRAINERS")]) { RedirectStandardOutput = true })!)
            {
                await script.WaitForExitAsync(cancellation);
                if (script.ExitCode != 0)
                    throw new InvalidOperationException("The models could not be made.");
            }
            await using WebApplication files = await ServeAsync(folder, cancellation);
            foreach ((string Model, int AtOnce) scenario in s_scenarios.Where(scenario => named.Length == 0 || named.Contains(Name(scenario))))
                await MeasureAsync(scenario.Model, scenario.AtOnce, folder, new Uri(files.Urls.Single()), duration, cancellation);
            if (named.Length == 0 || named.Contains(RollOutName))
                await RollOut.RunAsync(folder, new Uri(files.Urls.Single()), ModelServer, Setting("MODEL_SERVER_API_KEY"), TimeSpan.FromSeconds(tiny ? 4 : 40), cancellation);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Name((string Model, int AtOnce) scenario) => $"{scenario.Model}-{scenario.AtOnce}";

    private static async Task MeasureAsync(string model, int atOnce, string folder, Uri files, TimeSpan duration, CancellationToken cancellation)
    {
        byte[] image = await File.ReadAllBytesAsync(Path.Combine(folder, $"{model}.jpg"), cancellation);
        byte[] file = await File.ReadAllBytesAsync(Path.Combine(folder, $"{model}.onnx"), cancellation);
        JsonElement metadata = JsonElement.Parse(await File.ReadAllTextAsync(Path.Combine(folder, $"{model}.json"), cancellation));
        var described = new { id = Guid.NewGuid(), url = new Uri(files, $"{model}.onnx"), sha256 = Convert.ToHexStringLower(SHA256.HashData(file)), size = file.Length, format = "onnx", metadata };

        using HttpClient server = Client("MODEL_SERVER_URLS", "MODEL_SERVER_API_KEY");
        while ((int)(await server.PutAsJsonAsync($"v1/models/{model}", described, cancellation)).EnsureSuccessStatusCode().StatusCode == 202)
            await Task.Delay(50, cancellation);
        (double served, double[] times) = await LoadAsync(atOnce, duration, () => new ByteArrayContent(image), server, $"v1/models/{model}/predict", cancellation);

        double bare = Bare(Path.Combine(folder, $"{model}.onnx"), metadata.GetProperty("inputShape")[2].GetInt32(), atOnce, duration);

        using HttpClient python = Client("TRAINER_TORCHVISION_URL", "TRAINER_API_KEY");
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(new { model = described, images = new[] { Convert.ToBase64String(image) }, topK = 5 }, JsonSerializerOptions.Web);
        (double trainer, _) = await LoadAsync(atOnce, duration, () => new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } }, python, "v1/predict", cancellation);

        Report.Result($"{model}-{atOnce}", times.Length, times, served, new JsonObject
        {
            ["p99Ms"] = Report.Rounded(Report.Percentile(times, 99)),
            ["ratioBare"] = Report.Rounded(served / bare),
            ["ratioPython"] = Report.Rounded(served / trainer),
        });
    }

    private static async Task<(double PerSecond, double[] Milliseconds)> LoadAsync(
        int atOnce, TimeSpan duration, Func<HttpContent> content, HttpClient http, string path, CancellationToken cancellation)
    {
        async Task<double> AskAsync()
        {
            long asked = Stopwatch.GetTimestamp();
            while (true)
            {
                using HttpResponseMessage response = await http.PostAsync(path, content(), cancellation);
                await response.Content.ReadAsByteArrayAsync(cancellation);
                if ((int)response.StatusCode == 503)
                    continue; // Busy: the caller comes again, and its time counts.
                response.EnsureSuccessStatusCode();
                return Stopwatch.GetElapsedTime(asked).TotalMilliseconds;
            }
        }
        for (int i = 0; i < 3; i++)
            await Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => AskAsync()));
        long begun = Stopwatch.GetTimestamp();
        double[][] times = await Task.WhenAll(Enumerable.Range(0, atOnce).Select(async _ =>
        {
            var own = new List<double>();
            while (Stopwatch.GetElapsedTime(begun) < duration)
                own.Add(await AskAsync());
            return own.ToArray();
        }));
        double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        double[] all = [.. times.SelectMany(own => own)];
        return (all.Length / seconds, all);
    }

    /// <summary>Images a second of the runtime alone.</summary>
    private static double Bare(string path, int side, int atOnce, TimeSpan duration)
    {
        using var session = new InferenceSession(path);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(new float[atOnce * 3 * side * side], [atOnce, 3, side, side]);
        using var options = new RunOptions();
        void Run()
        {
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(options, ["input"], [input], ["logits"]);
        }
        for (int i = 0; i < 3; i++)
            Run();
        long runs = 0, begun = Stopwatch.GetTimestamp();
        for (; Stopwatch.GetElapsedTime(begun) < duration; runs++)
            Run();
        return runs * atOnce / Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    private static async Task<WebApplication> ServeAsync(string folder, CancellationToken cancellation)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls($"http://127.0.0.1:{LoopbackPort.Free()}");
        builder.Logging.ClearProviders();
        WebApplication files = builder.Build();
        // With a bucket in front of it, as the app asks for a file, or without.
        files.MapGet("/{**name}", (string name) => Results.File(Path.Combine(folder, Path.GetFileName(name)), "application/octet-stream"));
        await files.StartAsync(cancellation);
        return files;
    }

    private static HttpClient Client(string url, string key)
    {
        var http = new HttpClient { BaseAddress = FirstOf(url), Timeout = TimeSpan.FromMinutes(2) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Setting(key));
        return http;
    }

    private static Uri ModelServer => FirstOf("MODEL_SERVER_URLS");

    private static Uri FirstOf(string name) => new(Setting(name).Split(',')[0].TrimEnd('/') + "/");

    private static string Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : throw new BenchArgumentException($"{name} is not set.");
}
