namespace VisionPlatform.Domain.Accounts;

/// <summary>What a person may do on the whole platform, weakest first.</summary>
public enum SystemRole
{
    Guest,
    StandardEngineer,
    AdvancedEngineer,
    Manager,
    Admin,
}

/// <summary>What a person may do in one project, weakest first.</summary>
public enum ProjectRole
{
    Viewer,
    Member,
    Admin,
    Owner,
}

/// <summary>What a person may do with a dataset that was shared with them, weakest first.</summary>
public enum DatasetRole
{
    Viewer,
    Annotator,
    Reviewer,
    Admin,
    Owner,
}
