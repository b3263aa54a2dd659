namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>Holds what the function or a middleware set as the invocation's result.</summary>
internal sealed class ResultSlot : InvocationResult
{
    public override object? Value { get; set; }
}

/// <summary>A typed view of a <see cref="ResultSlot"/>.</summary>
internal sealed class TypedInvocationResult<T>(ResultSlot slot) : InvocationResult<T>
{
    public override T? Value
    {
        get => (T?)slot.Value;
        set => slot.Value = value;
    }
}

internal static class ResultSlotAccess
{
    /// <summary>The context's result slot; contexts made outside the host (test doubles) get one on first use.</summary>
    public static ResultSlot ResultSlot(this FunctionContext context)
    {
        if (context is Invocation invocation)
            return invocation.Result;
        if (context.Features.Get<ResultSlot>() is { } slot)
            return slot;
        slot = context.Features.Get<Invocation>()?.Result ?? new ResultSlot();
        context.Features.Set(slot);
        return slot;
    }
}
