using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Azure.Core.Pipeline;
using Azure.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using VisionPlatform.Application.Modules;
using VisionPlatform.Infrastructure.Secrets;

namespace VisionPlatform.Infrastructure.Tests.Secrets;

/// <summary>
/// A key vault and its token endpoint on loopback, with TLS and a self-signed certificate, as
/// the REST reference of Key Vault (2025-07-01) and RFC 6749 4.4 describe them. A test cannot use a real vault.
/// </summary>
internal sealed class LoopbackVault : IAsyncDisposable
{
    private const string Tenant = "11111111-2222-3333-4444-555555555555";
    private readonly X509Certificate2 _certificate = LoopbackCertificate.Create();
    private readonly ConcurrentDictionary<string, Kept> _secrets = new(StringComparer.OrdinalIgnoreCase);
    private readonly HttpClientHandler _handler;
    private readonly WebApplication _app;
    private int _version;

    private LoopbackVault()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(_certificate)));
        _app = builder.Build();
        _handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, shown, _, _) => shown?.Thumbprint == _certificate.Thumbprint };
        _app.MapPost("/{tenant}/oauth2/v2.0/token", IssueTokenAsync);
        _app.MapGet("/secrets", List);
        _app.MapGet("/secrets/{name}", Get);
    }

    public Uri Address => new(_app.Urls.First());

    /// <summary>When set, every answer has this status.</summary>
    public int? Broken { get; set; }

    public string ClientSecret { get; set; } = "of the app";

    /// <summary>Names of the secrets whose value was requested, in order.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    public static async Task<LoopbackVault> StartAsync()
    {
        var vault = new LoopbackVault();
        await vault._app.StartAsync();
        return vault;
    }

    public void Set(string name, string value, bool enabled = true) => _secrets[name] = new Kept(value, enabled, Interlocked.Increment(ref _version));

    public void Remove(string name) => _secrets.TryRemove(name, out _);

    /// <summary>The platform's own client, trusting this vault's certificate and signing in at its token endpoint.</summary>
    public VaultSecrets Connect(string clientSecret = "of the app")
    {
        var transport = new HttpClientTransport(new HttpClient(_handler, disposeHandler: false));
        var credential = new ClientSecretCredential(Tenant, "app", clientSecret, new ClientSecretCredentialOptions
        {
            AuthorityHost = Address, DisableInstanceDiscovery = true, Transport = transport, Retry = { MaxRetries = 0 },
        });
        return new VaultSecrets(VaultSecrets.Connect(Address, credential, options =>
        {
            options.Transport = transport;
            options.DisableChallengeResourceVerification = true;
            options.Retry.Delay = TimeSpan.FromMilliseconds(1);
        }), AppSettings.Declared());
    }

    /// <summary>Stops answering.</summary>
    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _handler.Dispose();
        _certificate.Dispose();
    }

    private async Task<IResult> IssueTokenAsync(HttpRequest request)
    {
        var form = await request.ReadFormAsync();
        return form["client_secret"] == ClientSecret
            ? Results.Json(new { token_type = "Bearer", expires_in = 3600, ext_expires_in = 3600, access_token = "let me in" })
            : Results.Json(new { error = "invalid_client", error_description = "AADSTS7000215: Invalid client secret provided." }, statusCode: 401);
    }

    private IResult List(HttpContext http) => Guarded(http, () => Results.Json(new
    {
        value = _secrets.Select(secret => new { id = $"{Address}secrets/{secret.Key}", attributes = Attributes(secret.Value) }),
        nextLink = (string?)null,
    }));

    private IResult Get(HttpContext http, string name) => Guarded(http, () =>
    {
        Asked.Enqueue(name);
        return _secrets.TryGetValue(name, out var secret)
            ? Results.Json(new { value = secret.Value, id = $"{Address}secrets/{name}/{secret.Version}", attributes = Attributes(secret) })
            : Results.Json(new { error = new { code = "SecretNotFound", message = "not there" } }, statusCode: 404);
    });

    private IResult Guarded(HttpContext http, Func<IResult> answer)
    {
        if (Broken is { } status)
            return Results.Json(new { error = new { code = status == 403 ? "Forbidden" : "Broken", message = "refused" } }, statusCode: status);
        if (http.Request.Headers.Authorization == "Bearer let me in")
            return answer();
        http.Response.Headers.WWWAuthenticate = $"Bearer authorization=\"{Address}{Tenant}\", resource=\"https://vault.azure.net\"";
        return Results.StatusCode(401);
    }

    private static object Attributes(Kept secret) => new { enabled = secret.Enabled, created = 1_700_000_000, updated = 1_700_000_000 + secret.Version };

    private sealed record Kept(string Value, bool Enabled, int Version);
}
