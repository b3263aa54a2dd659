using VisionPlatform.Domain;

namespace VisionPlatform.Infrastructure.Settings;

/// <summary>Which parts of the product this installation serves.</summary>
public sealed record ModuleSettings(IReadOnlySet<AppModule> Served)
{
    private static readonly AppModule[] Selectable = [AppModule.Platform, AppModule.Labeling];

    public static ModuleSettings From(SettingsReader settings)
    {
        var served = new HashSet<AppModule> { AppModule.Shared };
        foreach (var name in settings.List("MODULES", "parts this app serves: `platform`, `labeling`; both unless set. Accounts, invitations, audit and health are in each"))
        {
            if (EnumText.TryParse<AppModule>(name.ToLowerInvariant(), out var module) && module != AppModule.Shared)
                served.Add(module);
            else
                settings.Problem($"MODULES takes {string.Join(" and ", Selectable.Select(known => known.AsText()))}, not '{name}'.");
        }
        return new ModuleSettings(served.Count > 1 ? served : [AppModule.Shared, .. Selectable]);
    }

    public bool Serves(AppModule module) => Served.Contains(module);
}
