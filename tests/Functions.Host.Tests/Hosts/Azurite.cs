using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Tests;

namespace VisionPlatform.Functions.Host.Tests.Hosts;

/// <summary>Azurite on free ports with nothing in it: in memory, and gone with the process.</summary>
public sealed class Azurite : IAsyncDisposable
{
    public const string Account = "devstoreaccount1";

    // Microsoft publishes it: every Azurite has this key.
    public const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private static readonly Lazy<Task<string>> Script = new(FindAsync);
    private readonly Process _process;
    private readonly string? _folder;

    private Azurite(Process process, string? folder, string scheme, int[] ports)
    {
        _process = process;
        _folder = folder;
        (Blobs, Queues, Tables) = (Url(scheme, ports[0]), Url(scheme, ports[1]), Url(scheme, ports[2]));
    }

    public Uri Blobs { get; }

    public Uri Queues { get; }

    public Uri Tables { get; }

    /// <summary>As AzureWebJobsStorage.</summary>
    public string ConnectionString =>
        $"DefaultEndpointsProtocol={Blobs.Scheme};AccountName={Account};AccountKey={Key};BlobEndpoint={Blobs};QueueEndpoint={Queues};TableEndpoint={Tables};";

    /// <param name="identities">Takes bearer tokens, for which it needs TLS: it has a certificate of its own.</param>
    public static async Task<Azurite> StartAsync(bool identities = false)
    {
        int[] ports = [LoopbackPort.Free(), LoopbackPort.Free(), LoopbackPort.Free()];
        string? folder = null;
        List<string> arguments =
        [
            await Script.Value, "--inMemoryPersistence", "--skipApiVersionCheck", "--silent", "--disableTelemetry",
            "--blobHost", "127.0.0.1", "--queueHost", "127.0.0.1", "--tableHost", "127.0.0.1",
            "--blobPort", $"{ports[0]}", "--queuePort", $"{ports[1]}", "--tablePort", $"{ports[2]}",
        ];
        if (identities)
        {
            folder = Directory.CreateTempSubdirectory("azurite-").FullName;
            WriteCertificate(folder);
            arguments.AddRange(["--oauth", "basic", "--cert", Path.Combine(folder, "cert.pem"), "--key", Path.Combine(folder, "key.pem")]);
        }
        var process = Process.Start(new ProcessStartInfo("node", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        var azurite = new Azurite(process, folder, identities ? "https" : "http", ports);
        await Waiting.UntilAsync(async () =>
        {
            if (process.HasExited)
                Assert.Fail($"Azurite ended with {process.ExitCode}: {await output}{await error}");
            return await Task.WhenAll(ports.Select(ConnectsAsync)) is [true, true, true];
        }, "Azurite answers", seconds: 60);
        return azurite;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        if (_folder is not null)
            Directory.Delete(_folder, recursive: true);
    }

    private static Uri Url(string scheme, int port) => new($"{scheme}://127.0.0.1:{port}/{Account}");

    private static async Task<bool> ConnectsAsync(int port)
    {
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static void WriteCertificate(string folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(Path.Combine(folder, "cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>The program, installed if it is not there yet.</summary>
    private static async Task<string> FindAsync() => (await EntryScript.RunAsync("azurite")).Expect(0).Output.Trim();
}
