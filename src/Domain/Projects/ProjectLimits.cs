namespace VisionPlatform.Domain.Projects;

/// <summary>How large the texts of a project may be, in characters.</summary>
public static class ProjectLimits
{
    public const int Name = 200;
    public const int Description = 4000;
}
