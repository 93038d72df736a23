using System.Collections.Immutable;
using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Pools;

/// <summary>The latest requests and the devices they were about, so that a retry gets the first answer.</summary>
/// <param name="Subjects">By request; null for a request that was about no device.</param>
/// <param name="Order">Oldest first.</param>
public sealed record RequestLog(ImmutableDictionary<RequestId, ThinId?> Subjects, ImmutableQueue<RequestId> Order)
{
    /// <summary>A client retries within minutes; at a hundred requests a second this covers forty seconds at the
    /// least, and days on a common host.</summary>
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

    /// <summary>Forgets requests whose device did not come into being, so that a retry tries anew.</summary>
    public RequestLog Without(ThinId subject) =>
        Left(Subjects.RemoveRange(Subjects.Where(s => s.Value == subject).Select(s => s.Key)));

    /// <summary>Forgets a request that was taken back.</summary>
    public RequestLog Without(RequestId request) => Left(Subjects.Remove(request));

    private RequestLog Left(ImmutableDictionary<RequestId, ThinId?> left) =>
        new(left, ImmutableQueue.CreateRange(Order.Where(left.ContainsKey)));
}
