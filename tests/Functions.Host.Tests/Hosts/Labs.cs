using VisionPlatform.Functions.Host.Tests.Publishing;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Platform.Tests.Training;

namespace VisionPlatform.Functions.Host.Tests.Hosts;

/// <summary>The published app by itself, with a trainer and a dataset.</summary>
public sealed class EmbeddedLab(PlatformHost installation, PublishedApp published) : TrainingLab(installation)
{
    private string _folder = "";

    public override IAppHost AppHost => new EmbeddedHost(_folder);

    public override async ValueTask InitializeAsync()
    {
        _folder = await published.FolderAsync();
        await base.InitializeAsync();
    }
}

/// <summary>The published app on the Functions host, with Azurite; nothing where there is no such host.</summary>
public sealed class FunctionsLab(PlatformHost installation, PublishedApp published) : TrainingLab(installation)
{
    private FunctionsHost? _host;

    public override IAppHost AppHost => _host ?? throw new InvalidOperationException(Missing);

    /// <summary>Why there is no such host; null when there is one.</summary>
    public string? Missing { get; private set; }

    public FunctionsHost Host => _host ?? throw new InvalidOperationException(Missing);

    public Azurite Storage { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        (_host, Missing) = await FunctionsHost.FindAsync(published);
        if (_host is null)
            return;
        Storage = await Azurite.StartAsync();
        _host.Use(Storage);
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        if (_host is null)
            return;
        await base.DisposeAsync();
        await Storage.DisposeAsync();
    }

    /// <summary>Reports the test as skipped, with the reason, where there is no such host.</summary>
    public FunctionsLab OrSkip()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        return this;
    }
}

[CollectionDefinition(nameof(EmbeddedLab))]
public sealed class OnTheEmbeddedHost : ICollectionFixture<EmbeddedLab>;

[CollectionDefinition(nameof(FunctionsLab))]
public sealed class OnTheFunctionsHost : ICollectionFixture<FunctionsLab>;
