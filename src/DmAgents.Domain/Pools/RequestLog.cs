using System.Collections.Immutable;
using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Pools;

/// <summary>The latest requests with their devices, so that a retry gets the first answer.</summary>
/// <param name="Subjects">By request; null for a request without a device.</param>
/// <param name="Order">Oldest first.</param>
public sealed record RequestLog(ImmutableDictionary<RequestId, ThinId?> Subjects, ImmutableQueue<RequestId> Order)
{
    /// <summary>A client retries within minutes. At a hundred requests a second this covers at least forty seconds, and
    /// days on a typical host.</summary>
    public const int Capacity = 4096;

    public static RequestLog Empty { get; } =
        new(ImmutableDictionary<RequestId, ThinId?>.Empty, ImmutableQueue<RequestId>.Empty);

    public bool Knows(RequestId request, out ThinId? subject) => Subjects.TryGetValue(request, out subject);

    public RequestLog With(RequestId? request, ThinId? subject)
    {
        if (request is not { } id || Subjects.ContainsKey(id))
            return this;
        var (subjects, order) = (Subjects.Add(id, subject), Order.Enqueue(id));
        if (subjects.Count <= Capacity)
            return new RequestLog(subjects, order);
        order = order.Dequeue(out var oldest);
        return new RequestLog(subjects.Remove(oldest), order);
    }

    /// <summary>Forgets requests whose device was not created, so that a retry starts again.</summary>
    public RequestLog Without(ThinId subject) =>
        Left(Subjects.RemoveRange(Subjects.Where(s => s.Value == subject).Select(s => s.Key)));

    /// <summary>Forgets a request that was undone.</summary>
    public RequestLog Without(RequestId request) => Left(Subjects.Remove(request));

    private RequestLog Left(ImmutableDictionary<RequestId, ThinId?> left) =>
        new(left, ImmutableQueue.CreateRange(Order.Where(left.ContainsKey)));
}
