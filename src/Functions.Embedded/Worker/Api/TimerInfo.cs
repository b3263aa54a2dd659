namespace Microsoft.Azure.Functions.Worker;

/// <summary>What a timer function is told about the firing.</summary>
public class TimerInfo
{
    /// <summary>Null when the schedule is not monitored.</summary>
    public ScheduleStatus? ScheduleStatus { get; set; }

    /// <summary>True when the firing comes later than it was due, for example after the host was down.</summary>
    public bool IsPastDue { get; set; }
}

/// <summary>A schedule's state; times are UTC.</summary>
public class ScheduleStatus
{
    /// <summary>The last time the schedule fired; <see cref="DateTime.MinValue"/> before the first.</summary>
    public DateTime Last { get; set; }

    public DateTime Next { get; set; }

    public DateTime LastUpdated { get; set; }
}
