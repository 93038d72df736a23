using DmAgents.Actors.Events;
using DmAgents.Agent.Fleet.Talks;
using DmAgents.Api.Admin.V1;
using Grpc.Core;

namespace DmAgents.Agent.Services;

/// <summary>Events of the admin API.</summary>
internal sealed class EventsService(HostEventLog log, FleetEvents fleet, TimeProvider time) : Events.EventsBase
{
    private const int DefaultLimit = 1000;

    public override async Task<ListEventsReply> List(ListEventsRequest request, ServerCallContext context)
    {
        var limit = request.Limit == 0 ? DefaultLimit : (int)Math.Min(request.Limit, HostEventLog.Capacity);
        if (request.Fleet)
        {
            var found = await fleet.ListAsync(
                request.Pool, request.Since?.ToDateTimeOffset(), limit, context.CancellationToken)
                .ConfigureAwait(false);
            return new ListEventsReply
            {
                Events = { found.Events.Select(FleetTalkViews.Event) },
                Silent = { found.Silent.Select(FleetTalkViews.Silent) },
            };
        }
        var reply = new ListEventsReply();
        reply.Events.Add(log.Latest
            .Where(o => Concerns(o, request.Pool))
            .Where(o => request.Since is null || o.At >= request.Since.ToDateTimeOffset())
            .TakeLast(limit).Select(FleetTalkViews.Event));
        return reply;
    }

    public override async Task Follow(
        FollowEventsRequest request, IServerStreamWriter<Event> responseStream, ServerCallContext context)
    {
        if (request.Fleet)
        {
            await foreach (var news in fleet.FollowAsync(
                request.Pool, request.Since?.ToDateTimeOffset(), context.CancellationToken).ConfigureAwait(false))
            {
                await responseStream.WriteAsync(FleetTalkViews.Event(news, time.GetUtcNow()), context.CancellationToken)
                    .ConfigureAwait(false);
            }
            return;
        }
        await foreach (var occurrence in log.Follow(request.Since?.ToDateTimeOffset(), context.CancellationToken)
            .ConfigureAwait(false))
        {
            if (Concerns(occurrence, request.Pool))
            {
                await responseStream.WriteAsync(FleetTalkViews.Event(occurrence), context.CancellationToken)
                    .ConfigureAwait(false);
            }
        }
    }

    private static bool Concerns(HostOccurrence occurrence, string pool) => pool.Length == 0 || occurrence.Pool == pool;
}
