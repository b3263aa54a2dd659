using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Modules;

/// <summary>
/// One part of the product, declared once: the app, <c>platform-cli</c>, the timers, the health checks, the generated documents and the
/// tests all go through these declarations. Add a module to <see cref="AppModules"/>; nothing else lists modules.
/// </summary>
public sealed record Module(AppModule Name)
{
    /// <summary>Whether an installation may leave it out of MODULES.</summary>
    public bool IsOptional { get; init; }

    /// <summary>The folders of <c>src/Functions.Api</c> and <c>src/Functions.Orchestrations</c> whose functions belong to it.</summary>
    public required IReadOnlyList<string> Capabilities { get; init; }

    /// <summary>Its databases. The app does not start without them, and is not ready until each has the newest migration.</summary>
    public IReadOnlyList<ModuleDatabase> Databases { get; init; } = [];

    /// <summary>Its settings, in the order of docs/settings.md.</summary>
    public IReadOnlyList<SettingsSection> Settings { get; init; } = [];

    /// <summary>The permissions that its functions ask for.</summary>
    public IReadOnlyList<Permission> Permissions { get; init; } = [];

    /// <summary>The groups in which the API's description shows its operations, in reading order.</summary>
    public IReadOnlyList<ApiGroup> ApiGroups { get; init; } = [];

    /// <summary>Registers its use cases and what they need.</summary>
    public Action<IServiceCollection> AddServices { get; init; } = _ => { };

    /// <summary>Work that an orchestration does and that is scheduled again when its orchestration is missing.</summary>
    public IReadOnlyList<RecoverableWork> Work { get; init; } = [];

    /// <summary>What a crash between two databases may leave half done.</summary>
    public IReadOnlyList<Repair> Repairs { get; init; } = [];

    /// <summary>What is removed or closed when its time is over.</summary>
    public IReadOnlyList<RetentionRule> Retention { get; init; } = [];
}

/// <summary>A group of operations in the API's description.</summary>
/// <param name="Name">The tag, as <c>[Operation(Tag = …)]</c> names it; by default the first part of the route after /api/v1.</param>
/// <param name="Description">What one can do with the operations, for readers who see nothing else.</param>
public sealed record ApiGroup(string Name, string Description);
