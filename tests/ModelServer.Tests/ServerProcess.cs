using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using VisionPlatform.Tests;

namespace VisionPlatform.ModelServer.Tests;

/// <summary>The ONNX files of models.py, made once, and a server that hands them out.</summary>
public sealed class ModelFolder : IAsyncLifetime
{
    private WebApplication? _files;

    public string Folder { get; } = Directory.CreateTempSubdirectory("models-").FullName;

    public Uri Address { get; } = new($"http://127.0.0.1:{LoopbackPort.Free()}/");

    /// <summary>While it is set, downloads wait for it.</summary>
    public TaskCompletionSource? Held { get; set; }

    /// <summary>Downloads so far.</summary>
    public int Downloads { get; private set; }

    public async ValueTask InitializeAsync()
    {
        using var script = Process.Start(new ProcessStartInfo("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "models.py"), Folder]))!;
        await script.WaitForExitAsync();
        Assert.Equal(0, script.ExitCode);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(Address.ToString());
        builder.Logging.ClearProviders();
        _files = builder.Build();
        _files.MapGet("/{name}", async (string name) =>
        {
            Downloads++;
            if (Held is { } held)
                await held.Task;
            var path = Path.Combine(Folder, name);
            return File.Exists(path) ? Results.File(await File.ReadAllBytesAsync(path), "application/octet-stream") : Results.NotFound();
        });
        await _files.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _files!.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>The body of a request to load a model.</summary>
    public object Request(string name, string? sha256 = null, JsonElement? metadata = null, string format = "onnx")
    {
        var file = File.ReadAllBytes(Path.Combine(Folder, $"{name}.onnx"));
        var described = Path.Combine(Folder, $"{name}.json");
        return new
        {
            url = new Uri(Address, $"{name}.onnx"), sha256 = sha256 ?? Convert.ToHexStringLower(SHA256.HashData(file)), size = file.Length, format,
            metadata = metadata ?? JsonElement.Parse(File.ReadAllText(File.Exists(described) ? described : Path.Combine(Folder, "classifier.json"))),
        };
    }
}

/// <summary>The built model server as a process of its own.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    public const string Key = "a key of the test";
    private readonly Process _process;
    private readonly string _cache;
    private readonly HttpClient _http;

    private ServerProcess(Process process, string cache, HttpClient http) => (_process, _cache, _http) = (process, cache, http);

    public string Cache => _cache;

    public Uri Address => _http.BaseAddress!;

    /// <summary>Bytes of the process in memory.</summary>
    public long WorkingSet
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public static async Task<ServerProcess> StartAsync(params (string Name, string Value)[] settings)
    {
        var cache = Directory.CreateTempSubdirectory("model-cache-").FullName;
        var address = $"http://127.0.0.1:{LoopbackPort.Free()}";
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "model-server.dll")]);
        start.Environment["ASPNETCORE_URLS"] = address;
        start.Environment["MODEL_SERVER_API_KEY"] = Key;
        start.Environment["MODEL_SERVER_CACHE_DIR"] = cache;
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        var http = new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromMinutes(5) };
        var server = new ServerProcess(Process.Start(start)!, cache, http);
        while (true)
        {
            try
            {
                using var answer = await http.GetAsync("/health/ready");
                if (answer.IsSuccessStatusCode)
                    return server;
            }
            catch (HttpRequestException) when (!server._process.HasExited)
            {
                await Task.Delay(50);
            }
        }
    }

    public async Task<(HttpStatusCode Status, JsonElement Body, HttpResponseHeaders Headers)> SendAsync(HttpMethod method, string path, HttpContent? content = null, string? key = Key)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        // A server that refuses a large body closes the connection while the client still writes, unless the client asks first.
        request.Headers.ExpectContinue = content?.Headers.ContentLength > 1 << 20;
        using var response = await _http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, text is ['{', ..] ? JsonElement.Parse(text) : default, response.Headers);
    }

    /// <summary>Asks for the model and waits until it is ready or failed; returns the last answer.</summary>
    public async Task<(HttpStatusCode Status, JsonElement Body)> LoadAsync(string id, object model)
    {
        while (true)
        {
            var (status, body, _) = await SendAsync(HttpMethod.Put, $"/v1/models/{id}", JsonContent.Create(model));
            if (status != HttpStatusCode.Accepted)
                return (status, body);
            await Task.Delay(20);
        }
    }

    public async Task<JsonElement[]> PredictAsync(string id, params byte[][] images)
    {
        var (status, body, _) = await SendAsync(HttpMethod.Post, $"/v1/models/{id}/predict", Frames(images));
        Assert.True(status == HttpStatusCode.OK, $"{status}: {body}");
        return [.. body.GetProperty("results").EnumerateArray()];
    }

    public async Task<string> MetricsAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", Key) } };
        using var response = await _http.SendAsync(request);
        return await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
    }

    public static ByteArrayContent Frames(params byte[][] images)
    {
        using var body = new MemoryStream();
        foreach (var image in images)
        {
            var length = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(length, image.Length);
            body.Write(length);
            body.Write(image);
        }
        return new ByteArrayContent(body.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-image-frames") } };
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_cache, recursive: true);
    }
}
