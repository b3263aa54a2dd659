using Azure;
using Azure.Core;
using Azure.Identity;
using Azure.Security.KeyVault.Secrets;
using Microsoft.Extensions.Configuration;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Infrastructure.Secrets;

/// <summary>
/// Secret settings from an Azure key vault. They are read at the start, kept in memory and read again by <see cref="RefreshAsync"/>.
/// The setting <c>JWT_SECRET</c> is the secret <c>JWT-SECRET</c>, because names of secrets cannot have underscores.
/// </summary>
public sealed class VaultSecrets : ConfigurationProvider, IConfigurationSource
{
    private readonly SecretClient _client;
    private readonly Dictionary<string, string> _wanted;
    private Dictionary<string, Kept> _kept = new(StringComparer.Ordinal);

    internal VaultSecrets(SecretClient client, IEnumerable<Setting> declared)
    {
        _client = client;
        _wanted = declared.Where(setting => setting.IsSecret).SelectMany(setting => setting.Aliases.Prepend(setting.Name))
            .ToDictionary(name => name.Replace('_', '-'), name => name.Replace("__", ":", StringComparison.Ordinal), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Adds the vault of KEYVAULT_URI with the lowest priority to the configuration; null when KEYVAULT_URI is not set.</summary>
    /// <exception cref="SettingsException">The vault does not answer or refuses; the message says what to do.</exception>
    public static Task<VaultSecrets?> AddToAsync(IConfigurationBuilder builder, IConfiguration configuration, Func<IEnumerable<Setting>> declared, CancellationToken cancellation) =>
        // A separate method, so that an app without a vault does not load the library at its start.
        SettingsReader.Read(configuration, VaultSettings.From).Url is { } url ? AddAsync(url, builder, declared(), cancellation) : Task.FromResult<VaultSecrets?>(null);

    private static async Task<VaultSecrets?> AddAsync(Uri url, IConfigurationBuilder builder, IEnumerable<Setting> declared, CancellationToken cancellation)
    {
        var vault = new VaultSecrets(Connect(url, new DefaultAzureCredential()), declared);
        await vault.LoadAsync(cancellation);
        builder.Sources.Insert(0, vault);
        return vault;
    }

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    /// <summary>Reads all secret settings for the first time.</summary>
    /// <exception cref="SettingsException">The vault does not answer or refuses.</exception>
    public async Task LoadAsync(CancellationToken cancellation)
    {
        try
        {
            await RefreshAsync(cancellation);
        }
        catch (Exception e) when (Explain(e) is { } reason)
        {
            throw new SettingsException([$"KEYVAULT_URI: the key vault {_client.VaultUri} {reason}"], e);
        }
    }

    /// <summary>Reads the secrets whose version has changed. Returns the names of the changed settings; the first time these are all of them.</summary>
    /// <exception cref="RequestFailedException">The vault does not answer or refuses; the last secrets stay.</exception>
    /// <exception cref="AuthenticationFailedException">The app has no identity.</exception>
    public async Task<IReadOnlyList<string>> RefreshAsync(CancellationToken cancellation)
    {
        var now = new Dictionary<string, Kept>(StringComparer.Ordinal);
        await foreach (var secret in _client.GetPropertiesOfSecretsAsync(cancellation))
        {
            if (secret.Enabled == false || !_wanted.TryGetValue(secret.Name, out var setting))
                continue;
            var changed = secret.UpdatedOn;
            now[setting] = _kept.TryGetValue(setting, out var kept) && kept.UpdatedOn == changed && changed is not null
                ? kept
                : new Kept((await _client.GetSecretAsync(secret.Name, cancellationToken: cancellation)).Value.Value, changed);
        }

        var before = _kept;
        var changes = now.Keys.Union(before.Keys).Where(name => now.GetValueOrDefault(name)?.Value != before.GetValueOrDefault(name)?.Value).Order(StringComparer.Ordinal).ToList();
        _kept = now;
        if (changes.Count == 0)
            return changes;
        Data = now.ToDictionary(pair => pair.Key, pair => (string?)pair.Value.Value, StringComparer.OrdinalIgnoreCase);
        OnReload();
        return changes;
    }

    /// <summary>Says in one line what failed and what to do; null when the failure is not one of the vault.</summary>
    internal static string? Explain(Exception failure) => failure switch
    {
        AuthenticationFailedException => "gets no token for this app: give the app a managed identity, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET",
        RequestFailedException { Status: 401 or 403 } => "refuses this app: give its identity the role Key Vault Secrets User",
        RequestFailedException { Status: > 0 } refused => $"answered {refused.Status} {refused.ErrorCode}",
        RequestFailedException or AggregateException or TaskCanceledException { InnerException: TimeoutException } => "does not answer: check the address and the network, or unset KEYVAULT_URI",
        _ => null,
    };

    /// <summary>A client with short timeouts, because the app waits for it when it starts.</summary>
    internal static SecretClient Connect(Uri url, TokenCredential credential, Action<SecretClientOptions>? configure = null)
    {
        var options = new SecretClientOptions
        {
            Retry = { MaxRetries = 2, Delay = TimeSpan.FromMilliseconds(200), MaxDelay = TimeSpan.FromSeconds(1), NetworkTimeout = TimeSpan.FromSeconds(5) },
        };
        configure?.Invoke(options);
        return new SecretClient(url, credential, options);
    }

    private sealed record Kept(string Value, DateTimeOffset? UpdatedOn);
}
