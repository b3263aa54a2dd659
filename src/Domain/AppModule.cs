namespace VisionPlatform.Domain;

/// <summary>The parts of the product that an installation may serve together or each on its own.</summary>
public enum AppModule
{
    /// <summary>Accounts, health and the description of the API: part of every installation.</summary>
    Shared,

    /// <summary>Projects, datasets, training, models, exports, deployments.</summary>
    Platform,
    Labeling,
}
