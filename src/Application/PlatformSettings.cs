using Microsoft.Extensions.Configuration;
using VisionPlatform.Application.Audit;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Mail;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application;

/// <summary>Every setting of the app, a class a concern, read and checked at once. The order is that of docs/settings.md.</summary>
public sealed record PlatformSettings(
    ModuleSettings Modules,
    DatabaseSettings Databases,
    StorageSettings Storage,
    MailSettings Mail,
    AccountSettings Accounts,
    AuditSettings Audit,
    HostingSettings Hosting,
    TrafficSettings Traffic,
    DatasetLimits Datasets,
    TrainerSettings Trainers,
    LanguageModelSettings LanguageModel,
    TrackingSettings Tracking,
    VaultSettings Vault,
    FunctionsHostSettings FunctionsHost)
{
    private const string BootstrapPassword = "BOOTSTRAP_ADMIN_PASSWORD";

    /// <exception cref="SettingsException">With every problem there is; the values of secrets are not in it.</exception>
    public static PlatformSettings From(IConfiguration configuration) => SettingsReader.Read(configuration, From);

    public static PlatformSettings From(SettingsReader settings)
    {
        // First, as other concerns read PUBLIC_URL too.
        var hosting = settings.Section("Address and host", HostingSettings.From);
        var all = new PlatformSettings(
            settings.Section("Modules", ModuleSettings.From),
            settings.Section("Databases", DatabaseSettings.From),
            settings.Section("Object storage", StorageSettings.From),
            settings.Section("Mail", MailSettings.From),
            settings.Section("Accounts", AccountSettings.From),
            settings.Section("Audit log", AuditSettings.From),
            hosting,
            settings.Section("Rate limits and proxies", TrafficSettings.From),
            settings.Section("Datasets", DatasetLimits.From),
            settings.Section("Training", TrainerSettings.From),
            settings.Section("Language model", LanguageModelSettings.From),
            settings.Section("Tracking", TrackingSettings.From),
            settings.Section("Key vault", VaultSettings.From),
            settings.Section("Azure Functions host", FunctionsHostSettings.From));
        settings.RefuseWeakSecrets(all.Hosting.IsLocal, "EXTERNAL_STORAGE_SECRET_KEY", "INTERNAL_STORAGE_SECRET_KEY", "SMTP_PASSWORD", "GOOGLE_API_KEY", BootstrapPassword);
        if (!all.Hosting.IsLocal && all.Accounts.BootstrapPassword is { } password)
            foreach (var problem in PasswordRules.Check(password, all.Accounts.BootstrapEmail?.ToLowerInvariant() ?? ""))
                settings.Problem($"{BootstrapPassword}: {problem}");
        return all;
    }

    /// <summary>Every setting the app has, from the code that reads them.</summary>
    public static IReadOnlyCollection<Setting> Declared()
    {
        var reader = new SettingsReader(new ConfigurationBuilder().Build());
        From(reader);
        return reader.Declared;
    }

    /// <summary>The concerns' own texts, which leave their secrets out.</summary>
    public override string ToString() => $"databases: {Databases}; storage: {Storage}; accounts: {Accounts}; trainers: {Trainers}";
}
