namespace VisionPlatform.Domain.Training;

/// <summary>
/// Which of the waiting jobs of one person in one project comes first. It changes nothing between people or between projects, which take turns whatever
/// the priorities are.
/// </summary>
public enum JobPriority
{
    /// <summary>After the others.</summary>
    Low,

    /// <summary>In the order of waiting. Exports and predictions have this priority too.</summary>
    Normal,

    /// <summary>Before the others.</summary>
    High,
}
