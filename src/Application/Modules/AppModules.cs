using VisionPlatform.Domain;

namespace VisionPlatform.Application.Modules;

/// <summary>The modules of the product.</summary>
public static class AppModules
{
    /// <summary>In the order in which people read about them. The settings of the first are read first.</summary>
    public static IReadOnlyList<Module> All { get; } = [OperationsModule.Declaration, AccountsModule.Declaration, PlatformModule.Declaration, LabelingModule.Declaration];

    private static readonly Dictionary<string, Module> ByCapability =
        All.SelectMany(module => module.Capabilities.Select(capability => (capability, module))).ToDictionary(pair => pair.capability, pair => pair.module, StringComparer.Ordinal);

    public static Module Of(AppModule name) => All.Single(module => module.Name == name);

    /// <summary>The module that a type of the API or the orchestrations belongs to: the one that lists its folder.</summary>
    /// <exception cref="InvalidOperationException">No module lists the folder.</exception>
    public static Module Of(Type type)
    {
        var folder = type.Namespace?.Split('.') is ["VisionPlatform", _, var capability, ..] ? capability : type.Namespace;
        return ByCapability.GetValueOrDefault(folder ?? "")
            ?? throw new InvalidOperationException($"No module lists the capability '{folder}' of {type.FullName}: add it to a declaration in src/Application/Modules.");
    }
}
