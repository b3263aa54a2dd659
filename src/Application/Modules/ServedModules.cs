using VisionPlatform.Domain;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Application.Modules;

/// <summary>Which modules this installation serves.</summary>
public sealed record ServedModules(IReadOnlyList<Module> All)
{
    public static ServedModules From(SettingsReader settings)
    {
        var selectable = AppModules.All.Where(module => module.IsOptional).ToList();
        var names = string.Join(", ", selectable.Select(module => $"`{module.Name.AsText()}`"));
        var chosen = new HashSet<Module>();
        foreach (var name in settings.List("MODULES", $"parts this app serves: {names}; all unless set. Accounts, invitations, audit and health are in each"))
        {
            if (selectable.SingleOrDefault(module => string.Equals(module.Name.AsText(), name, StringComparison.OrdinalIgnoreCase)) is { } module)
                chosen.Add(module);
            else
                settings.Problem($"MODULES takes {string.Join(" and ", selectable.Select(known => known.Name.AsText()))}, not '{name}'.");
        }
        return new ServedModules([.. AppModules.All.Where(module => !module.IsOptional || chosen.Count == 0 || chosen.Contains(module))]);
    }

    public bool Serves(Module module) => All.Contains(module);
}
