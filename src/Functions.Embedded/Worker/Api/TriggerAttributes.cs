using System.Diagnostics;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker.Extensions.Abstractions
{
    /// <summary>What every binding attribute derives from.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public abstract class BindingAttribute : Attribute
    {
        public BindingAttribute()
        {
        }
    }

    /// <summary>Marks the parameter that starts a function.</summary>
    [AttributeUsage(AttributeTargets.Parameter)]
    public abstract class TriggerBindingAttribute : BindingAttribute
    {
        public TriggerBindingAttribute()
        {
        }
    }

    /// <summary>Marks a parameter that the host fills.</summary>
    [AttributeUsage(AttributeTargets.Parameter)]
    public abstract class InputBindingAttribute : BindingAttribute
    {
        public InputBindingAttribute()
        {
        }
    }

    /// <summary>Marks a result that the host sends somewhere.</summary>
    [AttributeUsage(AttributeTargets.Method | AttributeTargets.Property)]
    public abstract class OutputBindingAttribute : BindingAttribute
    {
        public OutputBindingAttribute()
        {
        }
    }
}

namespace Microsoft.Azure.Functions.Worker
{
    /// <summary>Makes a method a function, known by <see cref="Name"/> in logs, admin endpoints and orchestrations.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public class FunctionAttribute(string name) : Attribute
    {
        public string Name { get; } = name;
    }

    /// <summary>Who may call an HTTP function: anyone, a holder of a function key, or a holder of the master key.</summary>
    public enum AuthorizationLevel
    {
        Anonymous = 0,
        User = 1,
        Function = 2,
        System = 3,
        Admin = 4,
    }

    /// <summary>Starts a function on an HTTP request. Without methods every method matches; without a route the function's name is the route.</summary>
    public sealed class HttpTriggerAttribute : TriggerBindingAttribute
    {
        public HttpTriggerAttribute()
        {
        }

        public HttpTriggerAttribute(params string[] methods) => Methods = methods;

        public HttpTriggerAttribute(AuthorizationLevel authLevel) => AuthLevel = authLevel;

        public HttpTriggerAttribute(AuthorizationLevel authLevel, params string[] methods)
        {
            AuthLevel = authLevel;
            Methods = methods;
        }

        /// <summary>Route template below the route prefix of host.json, in ASP.NET Core's syntax.</summary>
        public string? Route { get; set; }

        public string[]? Methods { get; }

        public AuthorizationLevel AuthLevel { get; } = AuthorizationLevel.Function;
    }

    /// <summary>Marks the property of a multi-output result that is the HTTP response.</summary>
    [AttributeUsage(AttributeTargets.Property)]
    public sealed class HttpResultAttribute : OutputBindingAttribute
    {
        public HttpResultAttribute()
        {
        }
    }

    /// <summary>
    /// Starts a function on a schedule: an NCRONTAB expression of five or six fields (UTC), or an interval such as
    /// <c>00:05:00</c>. <c>%NAME%</c> is replaced by the setting of that name.
    /// </summary>
    public sealed class TimerTriggerAttribute(string schedule) : TriggerBindingAttribute
    {
        public string Schedule { get; } = schedule;

        /// <summary>Keeps the schedule's state, so that a firing missed while the host was down happens at its next start.</summary>
        public bool UseMonitor { get; set; } = true;

        public bool RunOnStartup { get; set; }
    }

    /// <summary>Makes a function an orchestrator; the parameter is a <c>TaskOrchestrationContext</c>.</summary>
    [AttributeUsage(AttributeTargets.Parameter)]
    [DebuggerDisplay("{Orchestration}")]
    public sealed class OrchestrationTriggerAttribute : TriggerBindingAttribute
    {
        public OrchestrationTriggerAttribute()
        {
        }

        public string? Orchestration { get; set; }
    }

    /// <summary>Makes a function an activity; the parameter is the activity's input.</summary>
    [AttributeUsage(AttributeTargets.Parameter)]
    [DebuggerDisplay("{Activity}")]
    public sealed class ActivityTriggerAttribute : TriggerBindingAttribute
    {
        public ActivityTriggerAttribute()
        {
        }

        public string? Activity { get; set; }
    }

    /// <summary>Makes a function an entity; the parameter is a <c>TaskEntityDispatcher</c>.</summary>
    [AttributeUsage(AttributeTargets.Parameter)]
    [DebuggerDisplay("{EntityName}")]
    public sealed class EntityTriggerAttribute : TriggerBindingAttribute
    {
        public EntityTriggerAttribute()
        {
        }

        /// <summary>The entity's name; null: the function's.</summary>
        public string? EntityName { get; set; }
    }

    /// <summary>Binds a <c>DurableTaskClient</c>.</summary>
    public sealed class DurableClientAttribute : InputBindingAttribute
    {
        public DurableClientAttribute()
        {
        }

        public string? TaskHub { get; set; }

        public string? ConnectionName { get; set; }
    }

    /// <summary>Asks the host to run a failed function again.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public abstract class RetryAttribute : Attribute
    {
        public RetryAttribute()
        {
        }

        /// <summary>Runs after the first; -1 is without end.</summary>
        public int MaxRetryCount { get; set; }
    }

    /// <summary>Retries at a fixed distance; the interval is written as a <see cref="TimeSpan"/>.</summary>
    public sealed class FixedDelayRetryAttribute : RetryAttribute
    {
        public FixedDelayRetryAttribute(int maxRetryCount, string delayInterval)
        {
            MaxRetryCount = maxRetryCount;
            DelayInterval = delayInterval;
        }

        public string DelayInterval { get; }
    }

    /// <summary>Retries at doubling distances between two intervals, each written as a <see cref="TimeSpan"/>.</summary>
    public sealed class ExponentialBackoffRetryAttribute : RetryAttribute
    {
        public ExponentialBackoffRetryAttribute(int maxRetryCount, string minimumInterval, string maximumInterval)
        {
            MaxRetryCount = maxRetryCount;
            MinimumInterval = minimumInterval;
            MaximumInterval = maximumInterval;
        }

        public string MinimumInterval { get; }

        public string MaximumInterval { get; }
    }
}
