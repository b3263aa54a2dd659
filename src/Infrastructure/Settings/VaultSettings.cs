namespace VisionPlatform.Infrastructure.Settings;

/// <summary>An Azure key vault with secrets that are not set in the environment.</summary>
/// <param name="Url">KEYVAULT_URI; null when there is none.</param>
/// <param name="RefreshEvery">How often the secrets are read again.</param>
public sealed record VaultSettings(Uri? Url, TimeSpan RefreshEvery)
{
    public static VaultSettings From(SettingsReader settings) => new(
        settings.Url("KEYVAULT_URI", "a vault for the settings marked secret, named with dashes: `JWT-SECRET`; what the environment sets wins"),
        TimeSpan.FromMinutes(settings.Number("KEYVAULT_REFRESH_MINUTES", 15, "how often the vault is asked again", minimum: 0.01)));
}
