namespace VisionPlatform.Domain.Projects;

/// <summary>Longest texts of a project, in characters.</summary>
public static class ProjectLimits
{
    public const int Name = 200;
    public const int Description = 4000;
}
