namespace VisionPlatform.Domain;

/// <summary>The names of the product's modules. What each consists of is declared in <c>src/Application/Modules</c>.</summary>
public enum AppModule
{
    /// <summary>People and their rights: accounts, organizations, invitations, the audit log. Part of every installation.</summary>
    Accounts,

    /// <summary>Projects, datasets, training, models, exports, deployments.</summary>
    Platform,

    /// <summary>Labels for images.</summary>
    Labeling,

    /// <summary>Running the app: health, settings, recovery, the description of the API. Part of every installation.</summary>
    Operations,
}
