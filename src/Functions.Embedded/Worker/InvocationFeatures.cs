using System.Collections;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Context.Features;
using VisionPlatform.Functions.Embedded.Official;

namespace VisionPlatform.Functions.Embedded;

/// <summary>Features of one invocation. They are few, so they are searched in order.</summary>
internal sealed class InvocationFeatures(Invocation invocation) : IInvocationFeatures
{
    private KeyValuePair<Type, object>[] _features = new KeyValuePair<Type, object>[8];
    private int _count;

    public T? Get<T>()
    {
        Type wanted = typeof(T);
        for (int i = 0; i < _count; i++)
        {
            if (_features[i].Key == wanted)
                return (T)_features[i].Value;
        }

        if (wanted == typeof(Invocation))
            return (T)(object)invocation;
        if (wanted != typeof(IFunctionInputBindingFeature))
            return default;
        object binding = WorkerInternals.Instance.NewInputBinding(invocation.InstanceServices);
        Set(wanted, binding);
        return (T)binding;
    }

    public void Set<T>(T instance) => Set(typeof(T), (object?)instance ?? throw new ArgumentNullException(nameof(instance)));

    /// <summary>Sets a feature whose type is known only at run time.</summary>
    public void Set(Type type, object instance)
    {
        int place = Array.FindIndex(_features, 0, _count, feature => feature.Key == type);
        if (place < 0)
        {
            if (_count == _features.Length)
                Array.Resize(ref _features, 2 * _count);
            place = _count++;
        }

        _features[place] = KeyValuePair.Create(type, instance);
    }

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => _features.Take(_count).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
