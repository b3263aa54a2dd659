using VisionPlatform.Domain;

namespace VisionPlatform.Api.Http;

/// <summary>Which module a function belongs to: that of its folder.</summary>
public static class Modules
{
    private const string Root = "VisionPlatform.Api.";

    // What every installation has: accounts and all else that lives in the user database, and what describes the app itself.
    private static readonly HashSet<string> Shared = new(StringComparer.Ordinal) { "Accounts", "Audit", "Health", "Http", "OpenApi", "Organizations", "Invitations", "Administration" };

    public static AppModule Of(Type functions) => functions.Namespace?.StartsWith(Root, StringComparison.Ordinal) != true
        ? AppModule.Platform
        : functions.Namespace[Root.Length..].Split('.')[0] switch
        {
            "Labeling" => AppModule.Labeling,
            var folder when Shared.Contains(folder) => AppModule.Shared,
            _ => AppModule.Platform,
        };
}
