using Akka.Actor;
using DmAgents.Actors.Pools;

namespace DmAgents.Actors.Events;

/// <summary>Records what pools publish in the host's event log.</summary>
public sealed class EventLogActor(HostEventLog log) : UntypedActor
{
    public static Props Props(HostEventLog log) => Akka.Actor.Props.Create(() => new EventLogActor(log));

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(PoolNotices));
        Context.System.EventStream.Subscribe(Self, typeof(PoolPhaseNotice));
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case PoolNotices happened:
                foreach (var notice in happened.Notices)
                {
                    if (Occurrences.Of(happened.Pool, notice) is { } occurrence)
                        log.Add(occurrence);
                }
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
