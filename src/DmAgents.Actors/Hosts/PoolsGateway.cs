using Akka.Actor;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Hosts;

/// <summary>Access to a host's pools for sagas and other actors, at the stable path /user/pools: receives
/// <see cref="HostMessages.ToPool"/>, and forwards each command to its pool.</summary>
/// <remarks>Pools below it come and go, and restart if their journal fails: nothing outside this project holds a
/// reference to one. Within the process <see cref="HostPools"/> is the shorter way.</remarks>
public sealed class PoolsGateway : UntypedActor
{
    /// <summary>The last part of its path.</summary>
    public const string Name = "pools";

    private readonly PoolBoard _board;
    private readonly Props _keeper;
    private IActorRef _host = ActorRefs.Nobody;

    public PoolsGateway(Props keeper, PoolBoard board) => (_keeper, _board) = (keeper, board);

    /// <param name="keeper">Props of the <see cref="HostKeeper"/>.</param>
    public static Props Props(Props keeper, PoolBoard board) =>
        Akka.Actor.Props.Create(() => new PoolsGateway(keeper, board));

    /// <summary>Only the host creates, adopts, takes over and forgets pools.</summary>
    internal static bool IsOfHost(PoolCommand command) => command is
        PoolCommands.Initialize or PoolCommands.Adopt or PoolCommands.TakeOver or PoolCommands.Retire;

    protected override void PreStart()
    {
        Context.ActorOf(UndeliveredCommands.Props(), "undelivered");
        _host = Context.Watch(Context.ActorOf(_keeper, "host"));
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case HostMessages.ToPool to when !IsOfHost(to.Command)
                && _board.Find(to.Pool) is { Actor: var pool } && !pool.IsNobody():
                pool.Forward(to.Command);
                break;
            case Terminated:
                Context.Stop(Self);
                break;
            default:
                _host.Forward(message);
                break;
        }
    }
}
