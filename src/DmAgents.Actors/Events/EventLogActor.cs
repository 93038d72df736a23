using Akka.Actor;
using DmAgents.Actors.Pools;

namespace DmAgents.Actors.Events;

/// <summary>Takes what pools publish down in the host's event log.</summary>
public sealed class EventLogActor(HostEventLog log) : UntypedActor
{
    public static Props Props(HostEventLog log) => Akka.Actor.Props.Create(() => new EventLogActor(log));

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(PoolNotice));
        Context.System.EventStream.Subscribe(Self, typeof(PoolPhaseNotice));
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case PoolNotice notice when Occurrences.Of(notice) is { } occurrence:
                log.Add(occurrence);
                break;
            case PoolNotice:
                break;
            case PoolPhaseNotice notice:
                log.Add(Occurrences.Of(notice));
                break;
            default:
                Unhandled(message);
                break;
        }
    }
}
