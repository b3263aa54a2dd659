using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Application.Modules;

/// <summary>One heading of docs/settings.md and the record that its settings are read into, which services get by its type.</summary>
public sealed record SettingsSection(string Title, Type Type, Func<SettingsReader, object> Read)
{
    public static SettingsSection Of<T>(string title, Func<SettingsReader, T> read)
        where T : class => new(title, typeof(T), read);
}
