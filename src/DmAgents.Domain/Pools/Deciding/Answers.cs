using System.Collections.Immutable;
using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Pools.Deciding;

/// <summary>The decisions, and the reasons of refusal, that several topics share.</summary>
internal static class Answers
{
    public static Decision.Accepted Yes(ThinId? subject, params ImmutableArray<PoolEvent> events) =>
        new(events, subject);

    public static Decision.Refused No(RefusalKind kind, string what, string subject, string why, string next) =>
        new(new Refusal(kind, what, subject, why, next));

    public static Decision.Refused Taken(string what, DeviceKey key) =>
        No(RefusalKind.Exists, what, key.Name, $"a {key.Space} of this name exists",
            key.Space == DeviceKey.ContainerSpace
                ? $"choose another name, or remove it: dmagent container remove {key.Name}"
                : "use the one that exists");

    public static Decision.Refused Unknown(string what, DeviceKey key) =>
        No(RefusalKind.NotFound, what, key.Name, $"there is no {key.Space} of this name",
            key.Space == DeviceKey.ContainerSpace
                ? "list them: dmagent container list"
                : "list them: dmagent layer tree");

    public static Decision.Refused Lost(string what, DeviceKey key) =>
        No(RefusalKind.WrongState, what, key.Name,
            "the pool's metadata have lost it, so that its content cannot be read",
            "compare and see what can be repaired: dmagent pool check");

    public static Decision.Refused Unsettled(string what, DeviceKey key) =>
        No(RefusalKind.Busy, what, key.Name, "an earlier change of it is still under way", "try again in a moment");

    public static Decision.Refused NoIds(string what, DeviceKey key) =>
        No(RefusalKind.NoSpace, what, key.Name, "all 2^24 thin ids of the pool are taken or in quarantine",
            "remove containers, or purge the quarantine: dmagent pool quarantine list");
}
