using System.Collections.Frozen;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Application.Modules;

/// <summary>Every setting of every module, read and checked at once: one record a section.</summary>
public sealed class AppSettings
{
    private const string BootstrapPassword = "BOOTSTRAP_ADMIN_PASSWORD";

    // Secrets whose form other programs decide.
    private static readonly string[] IssuedElsewhere =
        ["EXTERNAL_STORAGE_SECRET_KEY", "EXTERNAL_STORAGE_UPLOAD_SECRET_KEY", "INTERNAL_STORAGE_SECRET_KEY", "INTERNAL_STORAGE_UPLOAD_SECRET_KEY", "BACKUP_STORAGE_SECRET_KEY", "SMTP_PASSWORD", "GOOGLE_API_KEY", "SENTRY_DSN", BootstrapPassword];

    private readonly FrozenDictionary<Type, object> _records;

    private AppSettings(IEnumerable<KeyValuePair<Type, object>> records) => _records = records.ToFrozenDictionary();

    /// <summary>The records of all sections. Their own texts leave secrets out.</summary>
    public IEnumerable<object> Records => _records.Values;

    /// <exception cref="SettingsException">With every problem there is; the values of secrets are not in it.</exception>
    public static AppSettings From(IConfiguration configuration) => SettingsReader.Read(configuration, From);

    public static AppSettings From(SettingsReader reader)
    {
        var settings = new AppSettings([.. AppModules.All.SelectMany(module => module.Settings)
            .Select(section => KeyValuePair.Create(section.Type, reader.Section(section.Title, section.Read)))]);
        var (isLocal, accounts) = (settings.Get<HostingSettings>().IsLocal, settings.Get<AccountSettings>());
        reader.RefuseWeakSecrets(isLocal, IssuedElsewhere);
        if (!isLocal && accounts.BootstrapPassword is { } password)
            foreach (var problem in PasswordRules.Check(password, accounts.BootstrapEmail?.ToLowerInvariant() ?? ""))
                reader.Problem($"{BootstrapPassword}: {problem}");
        return settings;
    }

    /// <summary>Every setting the app has, from the code that reads them.</summary>
    public static IReadOnlyCollection<Setting> Declared()
    {
        var reader = new SettingsReader(new ConfigurationBuilder().Build());
        From(reader);
        return reader.Declared;
    }

    /// <summary>The record of one section.</summary>
    public T Get<T>()
        where T : class => (T)_records[typeof(T)];

    /// <summary>Registers every record under its type.</summary>
    public void AddTo(IServiceCollection services)
    {
        foreach (var (type, record) in _records)
            services.AddSingleton(type, record);
    }
}
