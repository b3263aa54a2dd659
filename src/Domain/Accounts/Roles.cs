namespace VisionPlatform.Domain.Accounts;

/// <summary>What a person may do on the platform as a whole, weakest first. Stored and sent as snake_case text (<c>standard_engineer</c>).</summary>
public enum SystemRole
{
    Guest,
    StandardEngineer,
    AdvancedEngineer,
    Manager,
    Admin,
}

/// <summary>What a person may do inside one project, weakest first. Stored and sent as lower-case text.</summary>
public enum ProjectRole
{
    Viewer,
    Member,
    Admin,
    Owner,
}

/// <summary>What a person may do with one dataset that was shared with them, weakest first. Stored and sent as lower-case text.</summary>
public enum DatasetRole
{
    Viewer,
    Annotator,
    Reviewer,
    Admin,
    Owner,
}
